import { connect } from "node:net";

import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Socket } from "socket.io-client";
import { v7 as uuidv7 } from "uuid";
import { WebSocket } from "ws";

import type { ErrorCode, ErrorReply } from "../../protocol/errors.ts";
import type { Room } from "../../protocol/shapes.ts";
import { eventually } from "../support/eventually.ts";
import {
  connectSocket,
  firstGateway,
  openWorld,
  say,
  type Person,
  type World,
} from "../support/world.ts";

let world: World;
let ada: Person;
let socket: Socket;
let witness: Socket;
let room: Room;
const bugs: unknown[] = [];
const noteBug = (error: unknown) => bugs.push(error);

beforeAll(async () => {
  process.on("unhandledRejection", noteBug);
  world = await openWorld();
  ada = await world.person("Ada");
  room = await ada.openRoom();
  [socket, witness] = [await ada.connect(), await ada.connect()];
  await say(socket, room.id, "first");
});
afterAll(async () => {
  await world.close();
  process.off("unhandledRejection", noteBug);
});

/** The server that was there before is there still, and does its work. */
async function expectAlive(): Promise<void> {
  const { seq } = await say(witness, room.id, "still here");
  expect(seq).toBeGreaterThan(1);
  expect(bugs).toEqual([]);
}

const nested = (depth: number) => JSON.parse(`${"[".repeat(depth)}${"]".repeat(depth)}`) as unknown;
const ok = () => ({ room: room.id, clientId: uuidv7(), text: "hello" });
const without = (field: string) =>
  Object.fromEntries(Object.entries(ok()).filter(([name]) => name !== field));

type Rows = [what: string, input: () => unknown, code: ErrorCode][];

/** What may be wrong with a message, whichever way it comes. */
const messages: Rows = [
  ["no room", () => without("room"), "invalid"],
  ["no clientId", () => without("clientId"), "invalid"],
  ["no text", () => without("text"), "invalid"],
  ["a key nobody knows", () => ({ ...ok(), admin: true }), "invalid"],
  [
    "a prototype key",
    () =>
      JSON.parse(`{"room":"${room.id}","clientId":"${uuidv7()}","text":"x","__proto__":{"a":1}}`),
    "invalid",
  ],
  ["a constructor key", () => ({ ...ok(), constructor: { prototype: {} } }), "invalid"],
  ["a key of nothing", () => ({ ...ok(), "": 1 }), "invalid"],
  ["text that is null", () => ({ ...ok(), text: null }), "invalid"],
  ["text that is a number", () => ({ ...ok(), text: 5 }), "invalid"],
  ["text that is true", () => ({ ...ok(), text: true }), "invalid"],
  ["text that is a list", () => ({ ...ok(), text: ["a"] }), "invalid"],
  ["text that is an object", () => ({ ...ok(), text: { toString: "x" } }), "invalid"],
  ["empty text", () => ({ ...ok(), text: "" }), "invalid"],
  ["blank text", () => ({ ...ok(), text: " \n\t " }), "invalid"],
  ["text of blanks of other scripts", () => ({ ...ok(), text: "\u2003\u3000" }), "invalid"],
  ["a NUL", () => ({ ...ok(), text: "a\0b" }), "invalid"],
  ["a backspace", () => ({ ...ok(), text: "a\bb" }), "invalid"],
  ["an escape", () => ({ ...ok(), text: "\u001b[31mred" }), "invalid"],
  ["a carriage return", () => ({ ...ok(), text: "a\r\nb" }), "invalid"],
  ["a C1 control", () => ({ ...ok(), text: "a\u0085b" }), "invalid"],
  ["a delete", () => ({ ...ok(), text: "a\u007fb" }), "invalid"],
  ["half of a surrogate pair, first", () => ({ ...ok(), text: "a\ud800b" }), "invalid"],
  ["half of a surrogate pair, second", () => ({ ...ok(), text: "\udc00" }), "invalid"],
  ["surrogates the wrong way round", () => ({ ...ok(), text: "\udc00\ud800" }), "invalid"],
  ["4,001 code points", () => ({ ...ok(), text: "x".repeat(4_001) }), "too_large"],
  [
    "4,001 code points outside the basic plane",
    () => ({ ...ok(), text: "😀".repeat(4_001) }),
    "too_large",
  ],
  ["8 KiB and a byte", () => ({ ...ok(), text: `a${"𠜎".repeat(2_048)}` }), "too_large"],
  [
    "text that grows too large when it is normalized",
    () => ({ ...ok(), text: "\ufb2c".repeat(3_000) }),
    "too_large",
  ],
  ["a clientId that is none", () => ({ ...ok(), clientId: "1" }), "invalid"],
  ["a clientId with braces", () => ({ ...ok(), clientId: `{${uuidv7()}}` }), "invalid"],
  [
    "a clientId without dashes",
    () => ({ ...ok(), clientId: uuidv7().replaceAll("-", "") }),
    "invalid",
  ],
  ["a clientId that is a number", () => ({ ...ok(), clientId: 17 }), "invalid"],
  ["an empty clientId", () => ({ ...ok(), clientId: "" }), "invalid"],
  ["a replyTo of 0", () => ({ ...ok(), replyTo: 0 }), "invalid"],
  ["a negative replyTo", () => ({ ...ok(), replyTo: -1 }), "invalid"],
  ["half a replyTo", () => ({ ...ok(), replyTo: 1.5 }), "invalid"],
  ["a replyTo past 2^53", () => ({ ...ok(), replyTo: 2 ** 53 }), "invalid"],
  ["a replyTo of 1e300", () => ({ ...ok(), replyTo: 1e300 }), "invalid"],
  ["a replyTo that is text", () => ({ ...ok(), replyTo: "1" }), "invalid"],
  ["a replyTo that is null", () => ({ ...ok(), replyTo: null }), "invalid"],
  ["a replyTo past the head", () => ({ ...ok(), replyTo: 9_999_999 }), "not_found"],
  ["a list for an input", () => [ok()], "invalid"],
  ["an input nested 17 levels deep", () => ({ ...ok(), text: nested(17) }), "invalid"],
  ["an input nested 1,000 levels deep", () => ({ ...ok(), text: nested(1_000) }), "invalid"],
  [
    "a wide input",
    () => ({ ...ok(), ...Object.fromEntries(Array.from({ length: 900 }, (_, i) => [`k${i}`, i])) }),
    "invalid",
  ],
];

/** What may be wrong with the name of a room. */
const rooms: Rows = [
  ["an empty room", () => ({ ...ok(), room: "" }), "invalid"],
  ["a room of one letter", () => ({ ...ok(), room: "a" }), "invalid"],
  ["a room in capitals", () => ({ ...ok(), room: "LOBBY" }), "invalid"],
  ["a room with a blank", () => ({ ...ok(), room: "my room" }), "invalid"],
  ["a room with a slash", () => ({ ...ok(), room: "a/../b" }), "invalid"],
  ["a room with a line end", () => ({ ...ok(), room: "lobby\n" }), "invalid"],
  ["a room with accents", () => ({ ...ok(), room: "café" }), "invalid"],
  ["a room that begins with a dash", () => ({ ...ok(), room: "-lobby" }), "invalid"],
  ["a room of 64 letters", () => ({ ...ok(), room: "a".repeat(64) }), "invalid"],
  ["a room that is a number", () => ({ ...ok(), room: 1 }), "invalid"],
  ["a room that is an object", () => ({ ...ok(), room: { id: room.id } }), "invalid"],
  ["a room with a quote", () => ({ ...ok(), room: "a'; drop table rooms; --" }), "invalid"],
  ["a room that is not there", () => ({ ...ok(), room: "no-such-room" }), "not_found"],
  ["an id of no room", () => ({ ...ok(), room: uuidv7() }), "not_found"],
];

async function askSocket(name: string, ...args: unknown[]): Promise<Partial<ErrorReply>> {
  const reply = (await socket.timeout(10_000).emitWithAck(name, ...args)) as {
    ok: boolean;
    error?: ErrorReply;
  };
  return reply.error ?? {};
}

describe("[security 6] a malformed message is refused and loses nothing", () => {
  test.each([...messages, ...rooms])("[G15] over a socket: %s", async (_what, input, code) => {
    expect(await askSocket("message:send", input())).toMatchObject({ code });
    await expectAlive();
  });

  test.each(messages.filter(([what]) => what !== "no room"))(
    "[G15] over REST: %s",
    async (_what, input, code) => {
      const given = input();
      // The path names the room.
      const sent = Array.isArray(given) ? given : { ...(given as object), room: undefined };
      const { status, body: problem } = await ada.rest("POST", `/rooms/${room.id}/messages`, sent);
      expect(problem).toMatchObject({ code });
      expect(status).toBeGreaterThanOrEqual(400);
      await expectAlive();
    },
  );
});

describe("commands that are none", () => {
  test.each<[string, string, unknown[], ErrorCode]>([
    ["a name nobody knows", "message:shout", [{}], "invalid"],
    ["a name of Object's", "constructor", [{}], "invalid"],
    ["a prototype's name", "__proto__", [{}], "invalid"],
    ["an empty name", "", [{}], "invalid"],
    ["a very long name", "x".repeat(10_000), [{}], "invalid"],
    ["a command of REST only", "room:create", [{ title: "x", visibility: "public" }], "invalid"],
    ["no input at all", "message:send", [], "invalid"],
    ["null for an input", "message:send", [null], "invalid"],
    ["text for an input", "message:send", ["hello"], "invalid"],
    ["a number for an input", "message:send", [7], "invalid"],
    ["two inputs", "message:send", [{}, {}], "invalid"],
    ["bytes for an input", "message:send", [Buffer.from([1, 2, 3])], "invalid"],
    [
      "bytes for a text",
      "message:send",
      [{ room: "lobby", clientId: uuidv7(), text: Buffer.from("hi") }],
      "invalid",
    ],
    ["a limit of 0", "room:enter", [{ room: "lobby", limit: 0 }], "invalid"],
    ["a limit of 501", "room:enter", [{ room: "lobby", limit: 501 }], "invalid"],
    ["a limit that is not a number", "room:enter", [{ room: "lobby", limit: "many" }], "invalid"],
    ["a cursor without an epoch", "room:enter", [{ room: "lobby", since: { seq: 1 } }], "invalid"],
    [
      "a cursor before the beginning",
      "room:enter",
      [{ room: "lobby", since: { epoch: 1, seq: -1 } }],
      "invalid",
    ],
    ["a cursor that is a number", "room:enter", [{ room: "lobby", since: 5 }], "invalid"],
    [
      "a way to catch up that is none",
      "room:enter",
      [{ room: "lobby", catchUp: "some" }],
      "invalid",
    ],
    ["lurking, perhaps", "room:enter", [{ room: "lobby", lurk: "yes" }], "invalid"],
    [
      "two places in a history",
      "room:history",
      [{ room: "lobby", after: 1, before: 5 }],
      "invalid",
    ],
    ["a reaction of words", "reaction:add", [{ room: "lobby", seq: 1, emoji: "nice" }], "invalid"],
    ["a reaction of two", "reaction:add", [{ room: "lobby", seq: 1, emoji: "👍👍" }], "invalid"],
    ["a reaction of nothing", "reaction:add", [{ room: "lobby", seq: 1, emoji: "" }], "invalid"],
    ["a seq of 0", "message:edit", [{ room: "lobby", seq: 0, text: "x" }], "invalid"],
    ["a read marker that is text", "room:read", [{ room: "lobby", seq: "9" }], "invalid"],
    ["a token that is none", "session:renew", [{ token: "x" }], "unauthenticated"],
    ["a token of 9,000 letters", "session:renew", [{ token: "x".repeat(9_000) }], "invalid"],
  ])("[G15] %s", async (_what, name, args, code) => {
    expect(await askSocket(name, ...args)).toMatchObject({ code });
    await expectAlive();
  });

  test("[G15] a command without an acknowledgement is carried out just the same", async () => {
    const text = `no answer wanted ${uuidv7()}`;
    socket.emit("message:send", { ...ok(), text });
    await eventually(async () => {
      const { body } = await ada.rest("GET", `/rooms/${room.id}/events?limit=500`);
      expect(JSON.stringify(body)).toContain(text);
    });
  });

  test("[G15] bad commands without an acknowledgement end nothing", async () => {
    for (const input of [undefined, null, 7, "x", nested(1_000), () => {}])
      socket.emit("message:send", input);
    socket.emit("no:such:thing");
    await expectAlive();
  });
});

const json = { "Content-Type": "application/json" };
const post = (path: string, body: string | Buffer, headers: Record<string, string> = json) =>
  fetch(`${firstGateway(world).url}${path}`, {
    method: "POST",
    headers: { Authorization: `Bearer ${ada.token}`, ...headers },
    body: new Uint8Array(Buffer.from(body)),
  });
const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(`${firstGateway(world).url}${path}`, {
    headers: { Authorization: `Bearer ${ada.token}`, ...headers },
  });
const events = (query: string) => get(`/v1/rooms/${room.id}/events?${query}`);

const wsUrl = () =>
  `${firstGateway(world).url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`;

/** A token that says who it is and that nobody signed. */
function unsigned(): string {
  const parts = [{ alg: "none" }, { sub: ada.user.id, iss: "eddy:guest", exp: 4_102_444_800 }];
  return `${parts.map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".")}.`;
}

describe("requests that are none", () => {
  test.each<[string, () => Promise<Response>, ErrorCode]>([
    ["a body that is no JSON", () => post("/v1/rooms", "{nonsense"), "invalid"],
    [
      "a body nested 9,000 levels deep",
      () => post("/v1/rooms", `{"title":${"[".repeat(9_000)}${"]".repeat(9_000)}}`),
      "invalid",
    ],
    ["half a body", () => post("/v1/rooms", '{"title":'), "invalid"],
    ["a body that is null", () => post("/v1/rooms", "null"), "invalid"],
    ["a body that is a word", () => post("/v1/rooms", '"title"'), "invalid"],
    ["a body that is a list", () => post("/v1/rooms", "[]"), "invalid"],
    ["an empty body", () => post("/v1/rooms", ""), "invalid"],
    [
      "a form for a body",
      () => post("/v1/rooms", "title=x", { "Content-Type": "application/x-www-form-urlencoded" }),
      "invalid",
    ],
    [
      "a character set nobody knows",
      () => post("/v1/rooms", "{}", { "Content-Type": "application/json; charset=klingon" }),
      "invalid",
    ],
    [
      "an encoding that it does not have",
      () => post("/v1/rooms", "{}", { ...json, "Content-Encoding": "gzip" }),
      "invalid",
    ],
    [
      "an encoding nobody knows",
      () => post("/v1/rooms", "{}", { ...json, "Content-Encoding": "zip" }),
      "invalid",
    ],
    [
      "bytes that are no UTF-8",
      () => post("/v1/rooms", Buffer.from([0x7b, 0xff, 0xfe, 0x7d])),
      "invalid",
    ],
    [
      "a body over 64 KiB",
      () => post("/v1/rooms", JSON.stringify({ title: "x".repeat(70_000) })),
      "too_large",
    ],
    [
      "a title over its limit",
      () => post("/v1/rooms", JSON.stringify({ title: "x".repeat(121), visibility: "public" })),
      "too_large",
    ],
    [
      "a title of two lines",
      () => post("/v1/rooms", JSON.stringify({ title: "a\nb", visibility: "public" })),
      "invalid",
    ],
    [
      "a visibility that is none",
      () => post("/v1/rooms", JSON.stringify({ title: "a", visibility: "hidden" })),
      "invalid",
    ],
    [
      "a slug that looks like an id",
      () => post("/v1/rooms", JSON.stringify({ title: "a", visibility: "public", slug: uuidv7() })),
      "invalid",
    ],
    [
      "a slug in capitals",
      () => post("/v1/rooms", JSON.stringify({ title: "a", visibility: "public", slug: "LOBBY" })),
      "invalid",
    ],
    ["no name for a guest", () => post("/v1/guests", "{}"), "invalid"],
    ["a blank name", () => post("/v1/guests", '{"displayName":"  "}'), "invalid"],
    [
      "a name of 65 letters",
      () => post("/v1/guests", JSON.stringify({ displayName: "x".repeat(65) })),
      "too_large",
    ],
    ["a route that is none", () => get("/v1/nothing"), "not_found"],
    ["a page that is none", () => get("/etc/passwd"), "not_found"],
    ["a path that climbs", () => get("/v1/rooms/..%2f..%2fetc"), "invalid"],
    ["a percent sign too many", () => get("/v1/rooms/%E0%A4%A"), "invalid"],
    ["a seq that is a word", () => get(`/v1/rooms/${room.id}/messages/first`), "invalid"],
    ["a seq of 0", () => get(`/v1/rooms/${room.id}/messages/0`), "invalid"],
    [
      "a seq of thirty digits",
      () => get(`/v1/rooms/${room.id}/messages/${"9".repeat(30)}`),
      "invalid",
    ],
    ["a negative limit", () => events("limit=-1"), "invalid"],
    ["half a limit", () => events("limit=1.5"), "invalid"],
    ["a limit in words", () => events("limit=ten"), "invalid"],
    ["a limit that is nothing", () => events("limit="), "invalid"],
    ["two limits", () => events("limit=1&limit=2"), "invalid"],
    ["a query nobody knows", () => events("colour=red"), "invalid"],
    [
      "a query that names a field twice",
      () => get(`/v1/rooms/${room.id}/events?room=lobby`),
      "invalid",
    ],
    ["a prototype in a query", () => events("__proto__[a]=1"), "invalid"],
    ["two places", () => events("after=1&around=2"), "invalid"],
    ["a list cursor that is none", () => get("/v1/rooms?cursor=garbage"), "invalid"],
    [
      "a list cursor that holds something else",
      () => get(`/v1/rooms?cursor=${Buffer.from('{"a":1}').toString("base64url")}`),
      "invalid",
    ],
    [
      "a member cursor with code in it",
      () =>
        get(
          `/v1/rooms/${room.id}/members?cursor=${Buffer.from('["1 OR 1=1"]').toString("base64url")}`,
        ),
      "invalid",
    ],
    ["a sort that is none", () => get("/v1/rooms?sort=best"), "invalid"],
    [
      "an authorization of another kind",
      () => get("/v1/me", { Authorization: "Basic YTpi" }),
      "unauthenticated",
    ],
    [
      "an authorization without a token",
      () => get("/v1/me", { Authorization: "Bearer " }),
      "unauthenticated",
    ],
    [
      "a token of three words",
      () => get("/v1/me", { Authorization: "Bearer a b c" }),
      "unauthenticated",
    ],
    [
      "a token that is not one",
      () => get("/v1/me", { Authorization: "Bearer abc" }),
      "unauthenticated",
    ],
    [
      "a token signed by nobody",
      () => get("/v1/me", { Authorization: `Bearer ${unsigned()}` }),
      "unauthenticated",
    ],
    [
      "a token with one letter changed",
      () => get("/v1/me", { Authorization: `Bearer ${ada.token.slice(0, -4)}AAAA` }),
      "unauthenticated",
    ],
    [
      "an Idempotency-Key that is not the clientId",
      () =>
        post(`/v1/rooms/${room.id}/messages`, JSON.stringify({ clientId: uuidv7(), text: "x" }), {
          ...json,
          "Idempotency-Key": uuidv7(),
        }),
      "invalid",
    ],
    [
      "an Idempotency-Key that is no id",
      () =>
        post(`/v1/rooms/${room.id}/messages`, JSON.stringify({ text: "x" }), {
          ...json,
          "Idempotency-Key": "once",
        }),
      "invalid",
    ],
  ])("[G15] %s", async (_what, ask, code) => {
    const response = await ask();
    expect(await response.json()).toMatchObject({ code, status: response.status });
    expect(response.headers.get("Content-Type")).toContain("application/problem+json");
    await expectAlive();
  });
});

describe("what is not even a packet", () => {
  test.each<[string, string | Buffer]>([
    ["an empty frame", ""],
    ["a frame of noise", "\u0000\u0001garbage"],
    ["a packet of no type", "9"],
    ["a message of no type", "4"],
    ["an event before connecting", '42["message:send",{}]'],
    ["an event that is no list", '42{"a":1}'],
    ["an event without a name", "42[]"],
    ["an event whose name is an object", '42[{"a":1}]'],
    ["an event whose JSON ends early", '42["message:send",{'],
    ["a binary event with a wrong count", '4599-["message:send",{"_placeholder":true,"num":7}]'],
    ["a connect with a list for a token", '40["x"]'],
    ["a connect with a token that is an object", '40{"token":{"a":1}}'],
    ["a connect to another namespace", "40/admin,"],
    ["bytes", Buffer.from([0, 255, 254, 1])],
    ["a frame over 64 KiB", `42["message:send","${"x".repeat(70_000)}"]`],
    ["JSON that nests 9,000 deep", `42["message:send",${"[".repeat(9_000)}${"]".repeat(9_000)}]`],
  ])("[G15] %s, on a raw WebSocket", async (_what, frame) => {
    const raw = new WebSocket(wsUrl());
    const heard: string[] = [];
    raw.on("message", (data: Buffer) => heard.push(data.toString()));
    raw.on("error", () => {});
    await eventually(() => expect(heard.length).toBeGreaterThan(0));
    raw.send(`40${JSON.stringify({ token: ada.token })}`);
    raw.send(frame);
    await expectAlive();
    raw.terminate();
  });

  test("[G15] HTTP that is none", async () => {
    const { port } = firstGateway(world);
    for (const noise of [
      "hello\r\n\r\n",
      "GET /\0 HTTP/1.1\r\n\r\n",
      "POST /v1/rooms HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
    ]) {
      const closed = await new Promise<boolean>((resolve) => {
        const line = connect(port, "127.0.0.1", () => line.write(noise));
        line.on("error", () => resolve(true));
        line.on("close", () => resolve(true));
        line.resume();
      });
      expect(closed).toBe(true);
    }
    await expectAlive();
  });

  test.each<[string, unknown]>([
    ["none", undefined],
    ["an empty one", ""],
    ["a number", 5],
    ["a list", ["a"]],
    ["an object", { a: 1 }],
    ["noise", "a.b.c"],
    ["one of 20,000 letters", "x".repeat(20_000)],
  ])("[G15] a handshake whose token is %s is refused as unauthenticated", async (_what, token) => {
    const error = await connectSocket(firstGateway(world).url, token).catch((e: unknown) => e);
    expect(error).toMatchObject({ data: { code: "unauthenticated" } });
    await expectAlive();
  });
});
