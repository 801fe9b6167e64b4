import { once } from "node:events";
import { connect } from "node:net";
import { gzipSync } from "node:zlib";

import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { decodeJwt, SignJWT } from "jose";
import { v7 as uuidv7 } from "uuid";
import { WebSocket } from "ws";

import { queuePrefix } from "../../db/redis/queues.ts";
import type { CommandOutput } from "../../protocol/commands.ts";
import { MAX_FRAME_BYTES } from "../../protocol/limits.ts";
import type { Gateway } from "../../server/gateway.ts";
import { type Backstage, openBackstage } from "../guarantees/backstage.ts";
import { eventually } from "../support/eventually.ts";
import {
  ask,
  command,
  connectSocket,
  firstGateway,
  openWorld,
  type Person,
  say,
  type World,
} from "../support/world.ts";

const SECRET = "a secret that is long enough for HS256";
const SLOWEST_MS = 15_000;

let world: World;
let limited: Gateway;
let backstage: Backstage;
let ada: Person;
/** How long a line that sends half a header is endured (ms); and one that opens and never joins. */
let halfHeader: Promise<number>;
let neverJoined: Promise<number>;
beforeAll(async () => {
  world = await openWorld({ worker: false, env: { AUTH_JWT_SECRET: SECRET } });
  limited = await world.addGateway({
    LIMITS: "on",
    LIMIT_CONNECTIONS_PER_IP: "3",
    LIMIT_GUESTS_PER_IP_PER_HOUR: "2",
  });
  backstage = await openBackstage(world);
  ada = await world.person("Ada");
  // They take their time: begun here, looked at in the end.
  halfHeader = lastsUntilClosed("GET /v1/rooms HTTP/1.1\r\nHost: eddy\r\nX: ");
  neverJoined = (async () => {
    const ws = new WebSocket(`${websocketUrl()}&b=1`);
    const openedAt = performance.now();
    await once(ws, "close");
    return performance.now() - openedAt;
  })();
});
afterAll(async () => {
  await backstage.close();
  await world.close();
});

const websocketUrl = () =>
  `${firstGateway(world).url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`;

async function lastsUntilClosed(bytes: string): Promise<number> {
  const line = connect(firstGateway(world).port, "localhost");
  line.on("error", () => {});
  line.resume();
  const openedAt = performance.now();
  line.write(bytes);
  await once(line, "close");
  return performance.now() - openedAt;
}

async function post(
  gateway: Gateway,
  path: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: object = {},
) {
  return fetch(`${gateway.url}/v1${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body,
  });
}

const comeAsGuest = async (gateway: Gateway, forwardedFor: string) => {
  const headers = { "X-Forwarded-For": forwardedFor };
  return (await post(gateway, "/guests", '{"displayName":"Many"}', headers)).status;
};

describe("[security 3] what is too large is not taken in", () => {
  test("a frame over 64 KiB costs its connection, a body over it is refused, packed or not", async () => {
    const ws = new WebSocket(websocketUrl());
    await once(ws, "open");
    ws.on("error", () => {});
    ws.send("x".repeat(MAX_FRAME_BYTES + 1));
    const [code] = (await once(ws, "close")) as [number];
    expect(code).toBe(1009);
    const body = JSON.stringify({ displayName: "x".repeat(MAX_FRAME_BYTES) });
    expect((await post(firstGateway(world), "/guests", body)).status).toBe(413);
    const packed = await post(firstGateway(world), "/guests", gzipSync(body), {
      "Content-Encoding": "gzip",
    });
    expect(packed.status).toBe(413);
  });

  test("frames are never compressed, however much a client would like them to be", async () => {
    const ws = new WebSocket(websocketUrl(), { perMessageDeflate: true });
    await once(ws, "open");
    expect(ws.extensions).toBe("");
    ws.terminate();
  });
});

describe("[security 4] who asks is told by the line, and by proxies of ours only", () => {
  test("one address has so many connections, whoever they are of", async () => {
    const people = await Promise.all(["A", "B", "C", "D"].map((name) => world.person(name)));
    const outcomes = await Promise.allSettled(
      people.map(({ token }) => connectSocket(limited.url, token)),
    );
    const sockets = outcomes.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    for (const socket of sockets) socket.disconnect();
    expect(sockets).toHaveLength(3);
  });

  test("without a proxy of ours X-Forwarded-For says nothing", async () => {
    const statuses = [];
    for (const i of [1, 2, 3]) statuses.push(await comeAsGuest(limited, `192.0.2.${i}`));
    expect(statuses).toEqual([201, 201, 429]);
  });

  test("behind one proxy, only what that one wrote counts", async () => {
    const behind = await world.addGateway({
      LIMITS: "on",
      LIMIT_GUESTS_PER_IP_PER_HOUR: "2",
      TRUST_PROXY_HOPS: "1",
    });
    const statuses = [];
    for (const i of [1, 2, 3]) statuses.push(await comeAsGuest(behind, `10.0.0.${i}, 192.0.2.9`));
    expect(statuses).toEqual([201, 201, 429]);
    expect(await comeAsGuest(behind, "192.0.2.9, 192.0.2.10")).toBe(201);
  });
});

describe("[security 5] answers say what they must, and no more", () => {
  test.each(["/v1/rooms", "/v1/nothing", "/docs", "/nothing"])("%s", async (path) => {
    const { headers } = await fetch(`${firstGateway(world).url}${path}`);
    expect(headers.get("X-Content-Type-Options")).toBe("nosniff");
    expect(headers.get("Content-Security-Policy")).toMatch(/default-src/u);
    expect(headers.get("Content-Security-Policy")).not.toMatch(/script-src[^;]*'unsafe/u);
    expect(headers.get("Referrer-Policy")).toBe("no-referrer");
    expect(headers.get("X-Powered-By")).toBeNull();
  });

  test("what goes wrong inside is told without how", async () => {
    await backstage.sql`ALTER TABLE members RENAME TO members_away`;
    try {
      const { status, body } = await ada.rest("POST", "/rooms", {
        title: "Lost",
        visibility: "public",
      });
      expect(status).toBeGreaterThanOrEqual(500);
      expect(body.code).toBe("unavailable");
      expect(JSON.stringify(body)).not.toMatch(/members|insert|select|node_modules|\.ts:\d/iu);
      const reply = await ask(await ada.connect(), "room:enter", { room: uuidv7() });
      expect(JSON.stringify(reply)).not.toMatch(/members|insert|select|node_modules|\.ts:\d/iu);
    } finally {
      await backstage.sql`ALTER TABLE members_away RENAME TO members`;
    }
  });
});

describe("[security 7] filters see through disguises, and no text makes them slow", () => {
  test.each([
    ["another case", "Buy FOLLOWERS now"],
    ["full width", "buy ｆｏｌｌｏｗｅｒｓ now"],
    ["invisible letters between", "buy fol\u200blow\u2060ers now"],
    ["accents", "buy fóllowers\u0301 now"],
    ["mathematical letters", "buy 𝐟𝐨𝐥𝐥𝐨𝐰𝐞𝐫𝐬 now"],
  ])("%s", async (_what, text) => {
    const { room, guest } = await filtered(["followers"]);
    expect(await ask(guest, "message:send", { room, clientId: uuidv7(), text })).toMatchObject({
      error: { code: "filtered" },
    });
  });

  test("500 rules made to go back and forth cost a message little", async () => {
    const hostile = Array.from({ length: 500 }, (_, i) => `${"a ".repeat(40)}${i}`);
    const { room, guest } = await filtered([...hostile]);
    const text = "a ".repeat(1_990);
    await say(guest, room, text);
    const startedAt = performance.now();
    for (let i = 0; i < 10; i += 1) await say(guest, room, text);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });
});

/** A room with such phrases forbidden, and a guest who would like to speak there. */
async function filtered(phrases: string[]) {
  const { id: room } = await ada.openRoom();
  const rules = phrases.map((phrase, i) => ({ name: `Rule ${i}`, phrase }));
  const { status } = await ada.rest("PUT", `/rooms/${room}/filters`, { rules });
  expect(status).toBe(200);
  return { room, guest: await (await world.person("Guest")).connect() };
}

test("[security 8] markup is text: it comes back as it was said, and never as a page", async () => {
  const room = await ada.openRoom();
  const text = `<img src=x onerror=alert(1)> [a](javascript:alert(1)) "'&amp;`;
  const { seq } = await say(await ada.connect(), room.id, text);
  const path = `${firstGateway(world).url}/v1/rooms/${room.id}/messages/${seq}`;
  const answer = await fetch(path, {
    headers: { Authorization: `Bearer ${ada.token}`, Accept: "text/html" },
  });
  expect(answer.headers.get("Content-Type")).toMatch(/^application\/json/u);
  expect(await answer.json()).toMatchObject({ text });
  // What is not found is told without repeating it.
  const lost = await fetch(`${firstGateway(world).url}/v1/${encodeURIComponent(text)}`);
  expect(await lost.text()).not.toContain("onerror");
});

describe("[security 14] guests have less", () => {
  test("their token ends within a week, and is no administrator's", async () => {
    const { exp = Infinity, iat = 0, ...claims } = decodeJwt(ada.token);
    expect(exp - iat).toBeLessThanOrEqual(7 * 24 * 60 * 60);
    expect(claims).not.toHaveProperty("eddy_admin");
  });

  test("they may say half as much as members", async () => {
    const gateway = await world.addGateway({ LIMITS: "on" });
    const token = await new SignJWT({ name: "Member", sub: "member" })
      .setProtectedHeader({ alg: "HS256" })
      .setExpirationTime("1h")
      .sign(new TextEncoder().encode(SECRET));
    const guest = (await world.person("Guest")).token;
    const { id: room } = await ada.openRoom();
    const saysAtOnce = async (whose: string) => {
      const socket = await connectSocket(gateway.url, whose);
      const replies = await Promise.all(
        Array.from({ length: 25 }, () =>
          ask(socket, "message:send", { room, clientId: uuidv7(), text: "hello" }),
        ),
      );
      socket.disconnect();
      return replies.filter(({ ok }) => ok).length;
    };
    expect([await saysAtOnce(guest), await saysAtOnce(token)]).toEqual([10, 20]);
  });
});

test("[security 17] what waits in queues for workers holds nothing of what was said", async () => {
  const { redis } = backstage.link;
  const { id: room } = await ada.openRoom("Secret garden");
  const socket = await ada.connect();
  await command(socket, "room:enter", { room });
  for (let i = 0; i < 5; i += 1) await say(socket, room, `correct horse ${i}`);
  const jobs = await eventually(async () => {
    const found = await redis.keys(`${queuePrefix}:*`);
    expect(found.some((key) => key.includes("until-"))).toBe(true);
    return found;
  });
  const held = await Promise.all(
    jobs.map(async (key) => {
      const kind = await redis.type(key);
      if (kind === "hash") return redis.hgetall(key);
      if (kind === "stream") return redis.xrange(key, "-", "+");
      return kind === "string" ? redis.get(key) : null;
    }),
  );
  expect(held.filter((value) => value !== null)).not.toEqual([]);
  expect(JSON.stringify(held)).not.toMatch(/correct horse|Secret garden/u);
});

test("[security 10] history is asked for anew each time: who is put out of a private room reads no more", async () => {
  const { id: room } = await ada.openRoom("Attic", { visibility: "private" });
  const guest = await world.person("Guest");
  const read = async () => (await guest.rest("GET", `/rooms/${room}/events`)).status;
  expect(await read()).toBe(404);
  const member = `/rooms/${room}/members/${guest.user.id}`;
  expect((await ada.rest("PUT", member, { role: "member" })).status).toBe(200);
  expect(await read()).toBe(200);
  const ban = { user: guest.user.id, kind: "ban", reason: "spam" };
  const { status } = await ada.rest<CommandOutput<"sanction:create">>(
    "POST",
    `/rooms/${room}/sanctions`,
    ban,
  );
  expect(status).toBe(201);
  expect(await read()).toBe(403);
});

test(
  "[security 3] a header that does not end and a socket that does not join are cut off",
  async () => {
    for (const lasted of await Promise.all([halfHeader, neverJoined])) {
      expect(lasted).toBeGreaterThan(2_000);
      expect(lasted).toBeLessThan(SLOWEST_MS);
    }
  },
  2 * SLOWEST_MS,
);
