import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Socket } from "socket.io-client";
import { v7 as uuidv7 } from "uuid";

import type { ErrorCode } from "../../protocol/errors.ts";
import { MAX_FRAME_BYTES } from "../../protocol/limits.ts";
import type { Room } from "../../protocol/shapes.ts";
import { eventually } from "../support/eventually.ts";
import { firstGateway, openWorld, type Person, say, type World } from "../support/world.ts";
import { joinRaw, openRaw, type RawSocket } from "./raw-socket.ts";

let world: World;
let ada: Person;
let room: Room;
let witness: Socket;
const bugs: unknown[] = [];
const noteBug = (error: unknown) => bugs.push(error);

beforeAll(async () => {
  process.on("unhandledRejection", noteBug);
  world = await openWorld({ worker: false });
  ada = await world.person("Ada");
  room = await ada.openRoom("Lobby", { slug: "lobby" });
  witness = await ada.connect();
});
afterAll(async () => {
  await world.close();
  process.off("unhandledRejection", noteBug);
});

/** The server that was there before is there still, and does its work. */
async function expectAlive(): Promise<void> {
  expect((await say(witness, room.id, "still here")).seq).toBeGreaterThan(0);
  expect(bugs).toEqual([]);
}

async function onRaw(run: (raw: RawSocket) => Promise<void>): Promise<void> {
  const raw = await joinRaw(firstGateway(world).url, ada.token);
  await run(raw);
  raw.end();
  await expectAlive();
}

/** A good send, written by hand with acknowledgement 1. */
const goodSend = () =>
  `421${JSON.stringify(["message:send", { room: "lobby", clientId: uuidv7(), text: "hi" }])}`;
const deep = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`;
const seq = (literal: string) => [`427["room:read",{"room":"lobby","seq":${literal}}]`];
const history = (fields: string) => [`427["room:history",{"room":"lobby",${fields}}]`];

describe("a frame that is a command in form only is answered, and its connection goes on", () => {
  test.each<[string, (string | Buffer)[], ErrorCode]>([
    ["a name that is a number", ['427[5,{"room":"lobby"}]'], "invalid"],
    ["a name that is zero", ["427[0]"], "invalid"],
    ["a name that is half a number", ["427[0.5,{}]"], "invalid"],
    ["a name past all numbers", ["427[1e999,{}]"], "invalid"],
    ["a name of EventEmitter's that throws when nobody listens", ['427["error",{}]'], "invalid"],
    ["a name of half a surrogate pair", [String.raw`427["\ud83d",{}]`], "invalid"],
    ["a name that is a push", ['427["room.events",{"room":"lobby"}]'], "invalid"],
    ["a name with a NUL", [String.raw`427["message:send\u0000",{}]`], "invalid"],
    ["a name in capitals", ['427["MESSAGE:SEND",{}]'], "invalid"],
    ["an input after the input", ['427["message:send",{},{},{},{}]'], "invalid"],
    ["an input that nests 9,000 levels deep", [`427["room:leave",${deep(9_000)}]`], "invalid"],
    ["an input that nests 30,000 levels deep", [`427["room:leave",${deep(30_000)}]`], "invalid"],
    ["a key that is a number", ['427["room:leave",{"room":"lobby","0":1}]'], "invalid"],
    [
      "toString and its like for keys",
      ['427["room:leave",{"room":"lobby","toString":1,"hasOwnProperty":1,"then":{}}]'],
      "invalid",
    ],
    [
      "a __proto__ that names the room",
      ['427["room:leave",{"__proto__":{"room":"lobby"}}]'],
      "invalid",
    ],
    [
      "the same key twice, the last one bad",
      ['427["room:leave",{"room":"lobby","room":""}]'],
      "invalid",
    ],
    ["a seq past all numbers", seq("1e999"), "invalid"],
    ["a seq below all numbers", seq("-1e999"), "invalid"],
    ["a seq past 2^53", seq("9007199254740993"), "invalid"],
    ["a seq of thirty digits", seq("123456789012345678901234567890"), "invalid"],
    ["a seq a little over a whole number", seq("1.0000001"), "invalid"],
    ["a seq below zero", seq("-1"), "invalid"],
    ["a seq that is true", seq("true"), "invalid"],
    ["a seq that is a list of one", seq("[1]"), "invalid"],
    ["a limit past all numbers", history('"limit":1e999'), "invalid"],
    ["a place past all numbers", history('"after":1e999'), "invalid"],
    ["all three places", history('"after":1,"before":2,"around":3'), "invalid"],
    [
      "bytes for an input",
      ['451-7["message:send",{"_placeholder":true,"num":0}]', Buffer.from([1, 2, 3])],
      "invalid",
    ],
    [
      "60,000 bytes for an input",
      ['451-7["message:send",{"_placeholder":true,"num":0}]', Buffer.alloc(60_000)],
      "invalid",
    ],
    [
      "bytes for a text",
      [
        `451-7["message:send",{"room":"lobby","clientId":"${uuidv7()}","text":{"_placeholder":true,"num":0}}]`,
        Buffer.from("hello"),
      ],
      "invalid",
    ],
    [
      "a placeholder for bytes that never come",
      ['427["message:send",{"_placeholder":true,"num":0}]'],
      "invalid",
    ],
  ])("[G15] %s", async (_what, frames, code) => {
    await onRaw(async (raw) => {
      raw.write(...frames);
      expect(await raw.reply(7)).toMatchObject({ ok: false, error: { code } });
      raw.write(goodSend());
      expect(await raw.reply(1)).toMatchObject({ ok: true });
    });
  });

  test.each([
    [
      "many keys that nobody knows",
      `{${Array.from({ length: 5_000 }, (_, i) => `"k${i}":1`).join(",")}}`,
    ],
    ["one key of 60,000 letters", `{"${"k".repeat(60_000)}":1}`],
  ])("[G15] %s: they do not come back at length", async (_what, input) => {
    await onRaw(async (raw) => {
      raw.write(`427["room:leave",${input}]`);
      const { error } = await raw.reply(7);
      expect(error?.code).toBe("invalid");
      expect(JSON.stringify(error).length).toBeLessThan(2_000);
    });
  });
});

describe("a frame that asks for nothing is passed over, and its connection goes on", () => {
  test.each<[string, (string | Buffer)[]]>([
    ["a goodbye of Engine.IO's that is not meant", ["1"]],
    ["an acknowledgement that nobody waits for", ["437[1]"]],
    ["a command that nobody knows, with no acknowledgement", ['42["x"]']],
    ["a bad command with no acknowledgement", ['42["message:send",7]']],
    ["something that the client says of its own protocol", ["6"]],
  ])("[G15] %s", async (_what, frames) => {
    await onRaw(async (raw) => {
      raw.write(...frames);
      raw.write(goodSend());
      expect(await raw.reply(1)).toMatchObject({ ok: true });
    });
  });
});

describe("a frame that breaks the protocol costs its own connection and no other", () => {
  test.each<[string, (string | Buffer)[]]>([
    ["a frame of nothing", [""]],
    ["a packet of no type", ["9"]],
    ["a message of no type", ["4"]],
    ["a message of a type that is none", ["4x"]],
    ["an event that is no list", ['42{"a":1}']],
    ["an event without a name", ["42[]"]],
    ["an event whose name is an object", ['42[{"a":1}]']],
    ["an event whose name is null", ["42[null]"]],
    ["an event whose JSON ends early", ['427["message:send",{']],
    ["a seq that is NaN", seq("NaN")],
    ["a seq that is Infinity", seq("Infinity")],
    ["a seq in hexadecimal", seq("0x10")],
    ["a name that Socket.IO keeps for itself", ['427["disconnecting"]']],
    ["a name of EventEmitter's own", ['427["newListener"]']],
    ["an attachment of no number", ['45x-["message:send"]']],
    [
      "a placeholder of another number",
      ['451-["message:send",{"_placeholder":true,"num":7}]', Buffer.from("x")],
    ],
    [
      "a placeholder of a negative number",
      ['451-["message:send",{"_placeholder":true,"num":-1}]', Buffer.from("x")],
    ],
    [
      "more attachments than anyone needs",
      ['45999999-["message:send",{"_placeholder":true,"num":0}]'],
    ],
    [
      "text where an attachment must follow",
      ['451-["message:send",{"_placeholder":true,"num":0}]', '42["x"]'],
    ],
    ["bytes that no packet announced", [Buffer.from([0, 255, 254, 1])]],
    ["a frame over 64 KiB", [`427["message:send","${"x".repeat(MAX_FRAME_BYTES)}"]`]],
    ["bytes over 64 KiB", [Buffer.alloc(MAX_FRAME_BYTES + 1)]],
  ])("[G15] %s", async (_what, frames) => {
    await onRaw(async (raw) => {
      raw.write(...frames);
      await eventually(() => expect(raw.isOpen()).toBe(false));
    });
  });

  test.each<[string, string]>([
    ["a command before joining", '427["message:send",{}]'],
    ["joining with a list", '40["x"]'],
  ])("[G15] %s", async (_what, frame) => {
    const raw = await openRaw(firstGateway(world).url);
    raw.write(frame);
    await eventually(() => expect(raw.isOpen()).toBe(false));
    await expectAlive();
  });

  test.each<[string, string, string]>([
    ["another namespace", "40/admin,", "44/admin,"],
    ["a token that is an object", '40{"token":{"a":1}}', '44{"message"'],
    ["a token under __proto__", '40{"__proto__":{"token":"x"}}', '44{"message"'],
    ["no token", "40", '44{"message"'],
  ])("[G15] joining with %s is refused", async (_what, frame, answer) => {
    const raw = await openRaw(firstGateway(world).url);
    raw.write(frame);
    await eventually(() => expect(raw.heard.at(-1)?.startsWith(answer)).toBe(true));
    raw.end();
    await expectAlive();
  });
});
