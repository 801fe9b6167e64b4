import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { io } from "socket.io-client";
import { v7 as uuidv7 } from "uuid";

import type { ErrorReply } from "../../protocol/errors.ts";
import type { Room } from "../../protocol/shapes.ts";
import type { Gateway } from "../../server/gateway.ts";
import { eventually } from "../support/eventually.ts";
import {
  ask,
  connectSocket,
  firstGateway,
  openWorld,
  type Person,
  type World,
} from "../support/world.ts";

let world: World;
let limited: Gateway;
beforeAll(async () => {
  world = await openWorld({ worker: false });
  limited = await world.addGateway({
    LIMITS: "on",
    LIMIT_CONNECTIONS_PER_USER: "2",
    LIMIT_GUESTS_PER_IP_PER_HOUR: "2",
    LIMIT_COMMANDS_PER_USER_PER_SECOND: "5",
    LIMIT_GUEST_MESSAGES_PER_USER_PER_10_SECONDS: "3",
  });
});
afterAll(() => world.close());

async function scene(more: Record<string, unknown> = {}) {
  const [owner, guest] = await Promise.all([world.person("Owner"), world.person("Guest")]);
  const room = await owner.openRoom("Watercooler", more);
  return { owner, guest, room, socket: await guest.connect() };
}

const message = (text = "hello") => ({ clientId: uuidv7(), text });
const sayOnRest = (person: Person, room: Room, input: object = message(), gateway?: Gateway) =>
  person.rest(
    "POST",
    `/rooms/${room.id}/messages`,
    input,
    gateway === undefined ? {} : { gateway },
  );

describe("a sanction that bars says until when, why, and where to appeal", () => {
  test.each([
    ["mute", 60, "muted", /^You are muted in this room until \d{4}-.*Z\. Reason: spam .*appeal/u],
    ["mute", undefined, "muted", /^You are muted in this room for good\. Reason: spam .*appeal/u],
    ["ban", 60, "banned", /^You are banned from this room until .*Z\. Reason: spam .*appeal/u],
    ["ban", undefined, "banned", /^You are banned from this room for good\. .*appeal/u],
  ] as const)("a %s of %s seconds", async (kind, seconds, code, words) => {
    const { owner, guest, room, socket } = await scene();
    const sanction = { user: guest.user.id, kind, reason: "spam and ham", seconds };
    expect((await owner.rest("POST", `/rooms/${room.id}/sanctions`, sanction)).status).toBe(201);
    const { status, body } = await sayOnRest(guest, room);
    expect([status, body.code]).toEqual([403, code]);
    expect(body.detail).toMatch(words);
    const reply = await ask(socket, "message:send", { room: room.id, ...message() });
    expect(reply).toMatchObject({ error: { code, message: expect.stringMatching(words) } });
  });

  test("[G8] a ban ends reading, too; a mute does not", async () => {
    const { owner, guest, room, socket } = await scene();
    const sanction = { user: guest.user.id, reason: "spam" };
    await owner.rest("POST", `/rooms/${room.id}/sanctions`, { ...sanction, kind: "mute" });
    expect((await guest.rest("GET", `/rooms/${room.id}/events`)).status).toBe(200);
    await owner.rest("POST", `/rooms/${room.id}/sanctions`, { ...sanction, kind: "ban" });
    for (const path of ["", "/events", "/messages", "/messages/1", "/members"]) {
      const { body } = await guest.rest("GET", `/rooms/${room.id}${path}`);
      expect([path, body.code]).toEqual([path, "banned"]);
    }
    for (const name of ["room:enter", "room:history"] as const) {
      expect(await ask(socket, name, { room: room.id })).toMatchObject({
        error: { code: "banned" },
      });
    }
  });
});

describe("a clash", () => {
  test("a slug that is taken is a conflict, and the room of that name stays as it was", async () => {
    const slug = `lobby-${uuidv7().slice(-12)}`;
    const { guest, room } = await scene({ slug });
    const { status, body } = await guest.rest("POST", "/rooms", {
      title: "Mine",
      slug,
      visibility: "public",
    });
    expect([status, body.code]).toEqual([409, "conflict"]);
    expect((await guest.rest<Room>("GET", `/rooms/${slug}`)).body.id).toBe(room.id);
  });

  test("[G4] the same clientId is the same send on both transports, with or without the header", async () => {
    const { guest, room, socket } = await scene();
    const { clientId, text } = message();
    const first = await sayOnRest(guest, room, { clientId, text });
    expect(first.body).toMatchObject({ seq: 1, duplicate: false });
    expect(await ask(socket, "message:send", { room: room.slug, clientId, text })).toMatchObject({
      ok: true,
      seq: 1,
      duplicate: true,
    });
    const path = `/rooms/${room.id}/messages`;
    const headers = { "Idempotency-Key": `"${clientId}"` };
    const again = await guest.rest("POST", path, { text }, { headers });
    expect(again.body).toMatchObject({ seq: 1, duplicate: true });
    const other = await guest.rest("POST", path, { text: "another" }, { headers });
    expect(other.body.code).toBe("conflict");
  });
});

describe("[security 10] a private room is not there for a stranger, whatever they ask", () => {
  test.each(["id", "slug"] as const)("by its %s", async (by) => {
    const { owner, guest, room, socket } = await scene({ visibility: "private" });
    const path = `/rooms/${room[by]}`;
    const asked: [string, string, object?][] = [
      ["GET", ""],
      ["PATCH", "", { title: "Mine" }],
      ["DELETE", ""],
      ["GET", "/events"],
      ["GET", "/messages"],
      ["GET", "/messages/1"],
      ["POST", "/messages", message()],
      ["PUT", "/messages/1/pin", {}],
      ["GET", "/members"],
      ["PUT", "/read", { seq: 0 }],
      ["GET", "/sanctions"],
      ["GET", "/filters"],
    ];
    const nowhere = { code: "not_found", detail: expect.stringContaining("no such room") };
    for (const [method, rest, body] of asked) {
      const answer = await guest.rest(method, `${path}${rest}`, body);
      expect([method, rest, answer.body]).toMatchObject([method, rest, nowhere]);
    }
    for (const name of ["room:enter", "room:leave", "room:history", "typing:start"] as const) {
      expect(await ask(socket, name, { room: room[by] })).toMatchObject({
        error: { code: "not_found" },
      });
    }
    expect((await owner.rest("GET", path)).status).toBe(200);
    const { body } = await guest.rest<{ items: Room[] }>("GET", "/rooms?limit=200");
    expect(body.items.map(({ id }) => id)).not.toContain(room.id);
  });
});

async function makeGuest(): Promise<number> {
  const { status } = await fetch(`${limited.url}/v1/guests`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ displayName: "Many" }),
  });
  return status;
}

describe("limits", () => {
  test("[security 4] one connection more than a person may have is refused at the door", async () => {
    const guest = await world.person("Guest");
    const first = await guest.connect(limited);
    await guest.connect(limited);
    const error = await connectSocket(limited.url, guest.token).catch((thrown: unknown) => thrown);
    const { data } = error as { data: ErrorReply };
    expect(data.code).toBe("rate_limited");
    expect(data.retryAfterMs).toBeGreaterThan(0);
    first.disconnect();
  });

  test("[security 4] of many connections at the same moment no more come in than may, and places come free again", async () => {
    const guest = await world.person("Guest");
    const storm = async () => {
      const sockets = await Promise.allSettled(
        Array.from({ length: 12 }, () => connectSocket(limited.url, guest.token)),
      );
      return sockets.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
    };
    const first = await storm();
    expect(first).toHaveLength(2);
    for (const socket of first) socket.disconnect();
    await eventually(async () => {
      const next = await storm();
      for (const socket of next) socket.disconnect();
      expect(next).toHaveLength(2);
    });
  });

  test("[security 4] who hangs up in the handshake gives the place back", async () => {
    const guest = await world.person("Guest");
    for (let i = 0; i < 10; i += 1) {
      const socket = io(limited.url, {
        auth: { token: guest.token },
        transports: ["websocket"],
        reconnection: false,
        forceNew: true,
      });
      // The handshake is on its way when the transport stands.
      await new Promise<void>((resolve) => socket.io.engine.once("open", () => resolve()));
      socket.disconnect();
    }
    await eventually(async () => {
      const sockets = [await guest.connect(limited), await guest.connect(limited)];
      expect(sockets).toHaveLength(2);
      for (const socket of sockets) socket.disconnect();
    });
  });

  test("what is left of a limit is shown, and that nothing is", async () => {
    const { guest, room } = await scene();
    const answers: Headers[] = [];
    for (let i = 0; i < 4; i += 1) {
      answers.push((await sayOnRest(guest, room, message(), limited)).headers);
    }
    expect(answers[0]?.get("RateLimit-Policy")).toBe('"message";q=3;w=10');
    expect(answers[0]?.get("RateLimit")).toMatch(/^"message";r=2;t=\d+$/u);
    expect(answers.map((headers) => headers.get("Retry-After") === null)).toEqual([
      true,
      true,
      true,
      false,
    ]);
    const wait = Number(answers[3]?.get("Retry-After"));
    expect(wait).toBeGreaterThanOrEqual(1);
    expect(wait).toBeLessThanOrEqual(10);
  });

  test("[security 14] guests made from one address are counted", async () => {
    const statuses = [await makeGuest(), await makeGuest(), await makeGuest()];
    expect(statuses).toEqual([201, 201, 429]);
  });

  test.each([
    ["commands that nobody knows", "no:such:thing", []],
    ["commands with too many inputs", "room:leave", [{}, {}]],
  ])("[security 4] %s are counted like any other", async (_what, name, inputs) => {
    const socket = await (await world.person("Noisy")).connect(limited);
    const replies: { error: ErrorReply }[] = await Promise.all(
      Array.from({ length: 12 }, () => socket.timeout(5_000).emitWithAck(name, ...inputs)),
    );
    const codes = replies.map(({ error }) => error.code);
    expect(new Set(codes)).toEqual(new Set(["invalid", "rate_limited"]));
  });
});

test("what is refused for want of a token says which kind is wanted", async () => {
  const answer = await fetch(`${firstGateway(world).url}/v1/me`);
  expect(answer.status).toBe(401);
  expect(answer.headers.get("WWW-Authenticate")).toBe("Bearer");
});
