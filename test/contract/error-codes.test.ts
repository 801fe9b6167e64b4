import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Socket } from "socket.io-client";
import { v7 as uuidv7 } from "uuid";

import { type ErrorCode, type ErrorReply, errorTable } from "../../protocol/errors.ts";
import type { Room } from "../../protocol/shapes.ts";
import { eventually } from "../support/eventually.ts";
import {
  connectSocket,
  firstGateway,
  openWorld,
  type Person,
  type World,
} from "../support/world.ts";

let world: World;
beforeAll(async () => {
  // No worker: what is accepted stays unstored, so that a small cap is reached.
  world = await openWorld({ worker: false, env: { UNSTORED_CAP: "40" } });
});
afterAll(() => world.close());

/** A room with its owner, a guest in it. */
interface Scene {
  owner: Person;
  guest: Person;
  socket: Socket;
  room: Room;
}

async function scene(): Promise<Scene> {
  const [owner, guest] = await Promise.all([world.person("Owner"), world.person("Guest")]);
  const room = await owner.openRoom();
  return { owner, guest, socket: await guest.connect(), room };
}

/** What one refusal was, however it came. */
type Refused = Partial<ErrorReply> & { status?: number; contentType?: string | null };

interface Case {
  /** Makes the refusal due. */
  arrange: (scene: Scene) => Promise<void>;
  /** Defaults: the guest says something in the room. */
  socket?: (scene: Scene) => Promise<Refused>;
  rest?: (scene: Scene) => Promise<Refused>;
}

const CLIENT_ID = "018f4d0e-7a3b-7cde-8f00-0123456789ab";

const nothing = async () => {};

async function sayOnSocket({ socket, room }: Scene, input: object = {}): Promise<Refused> {
  const message = { room: room.id, clientId: uuidv7(), text: "hello", ...input };
  return refusal((await socket.timeout(10_000).emitWithAck("message:send", message)) as never);
}

function refusal(reply: { ok: boolean; error?: ErrorReply }): Refused {
  return reply.error ?? {};
}

async function sayOnRest({ guest, room }: Scene, input: object = {}): Promise<Refused> {
  return viaRest(guest, "POST", `/rooms/${room.id}/messages`, {
    clientId: uuidv7(),
    text: "hello",
    ...input,
  });
}

async function viaRest(
  person: Person,
  method: string,
  path: string,
  body?: object,
): Promise<Refused> {
  const { status, body: problem, headers } = await person.rest(method, path, body);
  const retryAfter = headers.get("Retry-After");
  return {
    status,
    contentType: headers.get("Content-Type"),
    ...problem,
    ...(retryAfter === null ? {} : { retryAfterMs: Number(retryAfter) * 1_000 }),
  };
}

async function moderate(
  { owner, room }: Scene,
  method: string,
  path: string,
  body: object,
): Promise<void> {
  const { status } = await owner.rest(method, `/rooms/${room.id}${path}`, body);
  expect(status).toBeLessThan(300);
}

const sanction = (kind: "mute" | "ban") => (on: Scene) =>
  moderate(on, "POST", "/sanctions", { user: on.guest.user.id, kind, reason: "spam", seconds: 60 });

/** How each code comes about, on both transports. A code without its case does not compile. */
const cases: Record<ErrorCode, Case> = {
  invalid: {
    arrange: nothing,
    socket: (on) => sayOnSocket(on, { text: 7 }),
    rest: (on) => sayOnRest(on, { text: 7 }),
  },
  unauthenticated: {
    arrange: nothing,
    socket: async () => {
      const error = await connectSocket(firstGateway(world).url, "no.such.token").catch(
        (e: unknown) => e,
      );
      return (error as { data: ErrorReply }).data;
    },
    rest: (on) => viaRest({ ...on.guest, rest: withToken("no.such.token") }, "GET", "/me"),
  },
  forbidden: {
    arrange: nothing,
    socket: async ({ socket, room }) =>
      refusal((await socket.emitWithAck("message:pin", { room: room.id, seq: 1 })) as never),
    rest: ({ guest, room }) => viaRest(guest, "PATCH", `/rooms/${room.id}`, { title: "Mine" }),
  },
  muted: { arrange: sanction("mute") },
  banned: { arrange: sanction("ban") },
  not_found: {
    arrange: nothing,
    socket: (on) => sayOnSocket(on, { room: "no-such-room" }),
    rest: ({ guest, room }) => viaRest(guest, "GET", `/rooms/${room.id}/messages/999`),
  },
  conflict: {
    arrange: async (on) => {
      await sayOnRest(on, { clientId: CLIENT_ID, text: "one thing" });
    },
    socket: (on) => sayOnSocket(on, { clientId: CLIENT_ID, text: "another" }),
    rest: (on) => sayOnRest(on, { clientId: CLIENT_ID, text: "another" }),
  },
  too_large: {
    arrange: nothing,
    socket: (on) => sayOnSocket(on, { text: "x".repeat(4_001) }),
    rest: (on) => sayOnRest(on, { text: "x".repeat(4_001) }),
  },
  filtered: {
    arrange: (on) =>
      moderate(on, "PUT", "/filters", { rules: [{ name: "Greetings", phrase: "hello" }] }),
  },
  locked: { arrange: (on) => moderate(on, "PATCH", "", { locked: true }) },
  slow_mode: {
    arrange: async (on) => {
      await moderate(on, "PATCH", "", { slowModeSeconds: 60 });
      await sayOnRest(on);
    },
  },
  rate_limited: {
    arrange: nothing,
    socket: async () => {
      const limited = await limitedGateway();
      const person = await world.person("Fast");
      const socket = await person.connect(limited);
      const typing = () => socket.emitWithAck("typing:start", { room: "no-such-room" });
      await typing();
      return refusal((await typing()) as never);
    },
    rest: async ({ guest }) => {
      const gateway = await limitedGateway();
      const rest: Person["rest"] = (method, path, body) =>
        guest.rest(method, path, body, { gateway });
      await viaRest({ ...guest, rest }, "POST", "/rooms", { title: "One", visibility: "public" });
      return viaRest({ ...guest, rest }, "POST", "/rooms", { title: "Two", visibility: "public" });
    },
  },
  busy: {
    arrange: async (on) => {
      for (let i = 0; i < 40; i += 1) await sayOnRest(on);
    },
  },
  unavailable: {
    arrange: async () => {
      world.stores.redis.kill("SIGKILL");
      const { url } = firstGateway(world);
      await eventually(async () => expect((await fetch(`${url}/readyz`)).status).toBe(503));
    },
  },
};

function withToken(token: string): Person["rest"] {
  return async (method, path) => {
    const answer = await fetch(`${firstGateway(world).url}/v1${path}`, {
      method,
      headers: { Authorization: `Bearer ${token}` },
    });
    return { status: answer.status, body: (await answer.json()) as never, headers: answer.headers };
  };
}

let limited: ReturnType<World["addGateway"]> | null = null;

/** A gateway whose limits are so low that the second of anything is too much. */
function limitedGateway() {
  limited ??= world.addGateway({
    LIMITS: "on",
    LIMIT_TYPING_PER_USER_PER_10_SECONDS: "1",
    LIMIT_ROOMS_PER_USER_PER_HOUR: "1",
  });
  return limited;
}

/** Whether a client is told when to try again, if the same request may work then. */
function expectToTellWhen(code: ErrorCode, { retryAfterMs = 0 }: Refused): void {
  expect(retryAfterMs > 0 || !errorTable[code].retry).toBe(true);
}

describe.each(Object.entries(cases) as [ErrorCode, Case][])("%s", (code, { arrange, ...ask }) => {
  let on: Scene;
  beforeAll(async () => {
    on = await scene();
    await arrange(on);
  });
  afterAll(async () => {
    if (code === "unavailable") await world.stores.redis.restart();
  });
  test(`a socket command is answered with ${code}`, async () => {
    const refused = await (ask.socket ?? sayOnSocket)(on);
    expect(refused).toMatchObject({ code, message: expect.stringMatching(/\S/u) });
    expectToTellWhen(code, refused);
  });

  test(`REST answers ${code} as a problem with ${errorTable[code].status}`, async () => {
    const refused = await (ask.rest ?? sayOnRest)(on);
    const { status, title } = errorTable[code];
    expect(refused).toMatchObject({
      status,
      code,
      title,
      type: `/docs#error-${code}`,
      contentType: expect.stringContaining("application/problem+json"),
    });
    expectToTellWhen(code, refused);
  });
});

test("every code of the table has its case", () => {
  expect(Object.keys(cases).toSorted()).toEqual(Object.keys(errorTable).toSorted());
});

test("a refusal for bad input says where, on both transports alike", async () => {
  const on = await eventually(scene, { withinMs: 10_000 });
  const [socket, rest] = [await sayOnSocket(on, { text: 7 }), await sayOnRest(on, { text: 7 })];
  const issues = [{ path: "text", message: expect.stringContaining("string") }];
  expect(socket).toMatchObject({ issues });
  expect(rest).toMatchObject({ errors: issues });
});
