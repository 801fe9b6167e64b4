import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Socket } from "socket.io-client";
import { v7 as uuidv7 } from "uuid";

import type { CommandOutput } from "../../protocol/commands.ts";
import type { ErrorCode } from "../../protocol/errors.ts";
import type { Fact, Push } from "../../protocol/facts.ts";
import type { Message, Room } from "../../protocol/shapes.ts";
import { eventually } from "../support/eventually.ts";
import { ask, command, openWorld, type Person, say, type World } from "../support/world.ts";

let world: World;
let ada: Person;
let socket: Socket;
let room: Room;
const live = new Map<number, Fact>();
beforeAll(async () => {
  world = await openWorld();
  ada = await world.person("Ada");
  room = await ada.openRoom();
  socket = await ada.connect();
  socket.on("room.events", ({ events }: Push<"room.events">) => {
    for (const fact of events) live.set(fact.seq, fact);
  });
  await command(socket, "room:enter", { room: room.id });
});
afterAll(() => world.close());

/** What stands just within the limits, and as what it is kept. */
const edges: [what: string, text: string, kept?: string][] = [
  ["4,000 code points", "x".repeat(4_000)],
  ["8 KiB of four bytes each", "😀".repeat(2_048)],
  [
    "4,000 letters that are 8,000 until they are composed",
    "e\u0301".repeat(4_000),
    "é".repeat(4_000),
  ],
  ["letters that are not composed", "Cafe\u0301", "Café"],
  ["Hangul that is not composed", "\u1112\u1161\u11ab", "한"],
  ["marks in another order", "q\u0307\u0323", "q\u0323\u0307"],
  ["an Ångström sign", "\u212b", "Å"],
  ["wide letters, which only look alike", "ｈｅｌｌｏ"],
  ["lines and tabs", "a\n\tb\n"],
  ["blanks around", "  a  "],
  ["a family, joined", "👩‍👩‍👧‍👦"],
  ["text that turns around", "\u202eabc\u202c"],
  ["a byte order mark", "\ufeffa"],
  ["what is no character", "\uffff\u{10ffff}"],
  ["a replacement character", "\ufffd"],
  ["marks without end", `a${"\u0301".repeat(1_000)}`, `á${"\u0301".repeat(999)}`],
  ["line separators of scripts", "a\u2028b\u2029c"],
  ["what looks like JSON", '{"__proto__":null,"text":"\\u0000"}'],
  ["what looks like HTML", "<script>alert(1)</script>"],
  ["what looks like SQL", "'); DROP TABLE rooms; --"],
  ["backslashes and zeros", String.raw`\0\x00\u0000`],
];

describe("[G17] what is well-formed is kept byte for byte, in NFC", () => {
  test.each(edges)("%s", async (_what, text, kept = text) => {
    const clientId = uuidv7();
    const { seq } = await command(socket, "message:send", { room: room.id, clientId, text });
    await eventually(() => expect(live.get(seq)).toMatchObject({ text: kept }));
    const path = `/rooms/${room.id}`;
    const [facts, message] = await Promise.all([
      ada.rest<{ events: Fact[] }>("GET", `${path}/events?around=${seq}&limit=1`),
      ada.rest<Message>("GET", `${path}/messages/${seq}`),
    ]);
    expect(facts.body.events).toMatchObject([{ seq, text: kept }]);
    expect(message.body.text).toBe(kept);
    // The same in another form is the same.
    const again = await ask(socket, "message:send", { room: room.id, clientId, text: kept });
    expect(again).toMatchObject({ ok: true, seq, duplicate: true });
  });

  test("an edit is kept just so", async () => {
    const { seq } = await say(socket, room.id, "cafe");
    await command(socket, "message:edit", { room: room.id, seq, text: "Cafe\u0301\n" });
    const { body } = await ada.rest<Message>("GET", `/rooms/${room.id}/messages/${seq}`);
    expect(body.text).toBe("Café\n");
  });
});

describe("every other text that people write is held to its own rules", () => {
  type Row = [what: string, method: string, path: string, body: object, code: ErrorCode | null];
  const line = "x".repeat(501);
  const rule = { name: "Spam", phrase: "buy" };
  test.each<Row>([
    ["a title in NFD", "PATCH", "", { title: "Cafe\u0301" }, null],
    ["a title of half a surrogate pair", "PATCH", "", { title: "\ud800" }, "invalid"],
    ["a title with a tab", "PATCH", "", { title: "a\tb" }, "invalid"],
    ["a topic of nothing", "PATCH", "", { topic: "" }, null],
    ["a topic with a NUL", "PATCH", "", { topic: "\0" }, "invalid"],
    ["a topic over its limit", "PATCH", "", { topic: line }, "too_large"],
    ["a tag with a blank", "PATCH", "", { tags: ["a b"] }, "invalid"],
    ["a tag in capitals", "PATCH", "", { tags: ["Tea"] }, "invalid"],
    ["a tag of half a surrogate pair", "PATCH", "", { tags: ["\ud83d"] }, "invalid"],
    ["eleven tags", "PATCH", "", { tags: "a b c d e f g h i j k".split(" ") }, "invalid"],
    ["a tag of another script", "PATCH", "", { tags: ["日本", "чай"] }, null],
    ["slow mode of half a second", "PATCH", "", { slowModeSeconds: 0.5 }, "invalid"],
    ["slow mode for ever", "PATCH", "", { slowModeSeconds: 21_601 }, "invalid"],
    ["locked, perhaps", "PATCH", "", { locked: "yes" }, "invalid"],
    ["nothing to change", "PATCH", "", {}, "invalid"],
    ["another id for the room", "PATCH", "", { id: uuidv7() }, "invalid"],
    ["a filter that is no list", "PUT", "/filters", { rules: { 0: rule } }, "invalid"],
    ["a rule without a phrase", "PUT", "/filters", { rules: [{ name: "Spam" }] }, "invalid"],
    ["a phrase of blanks", "PUT", "/filters", { rules: [{ ...rule, phrase: " " }] }, "invalid"],
    ["a phrase with a NUL", "PUT", "/filters", { rules: [{ ...rule, phrase: "a\0" }] }, "invalid"],
    ["501 rules", "PUT", "/filters", { rules: Array.from({ length: 501 }, () => rule) }, "invalid"],
    ["no rules", "PUT", "/filters", { rules: [] }, null],
    ["a role that is none", "PUT", `/members/${uuidv7()}`, { role: "king" }, "invalid"],
    ["a member who is no id", "PUT", "/members/ada", { role: "member" }, "invalid"],
    ["a member who is nobody", "PUT", `/members/${uuidv7()}`, { role: "member" }, "not_found"],
    [
      "a sanction of nobody",
      "POST",
      "/sanctions",
      { user: uuidv7(), kind: "mute", reason: "x" },
      "not_found",
    ],
    [
      "a sanction of no kind",
      "POST",
      "/sanctions",
      { user: uuidv7(), kind: "hug", reason: "x" },
      "invalid",
    ],
    [
      "a sanction without a reason",
      "POST",
      "/sanctions",
      { user: uuidv7(), kind: "mute" },
      "invalid",
    ],
    [
      "a sanction of no time",
      "POST",
      "/sanctions",
      { user: uuidv7(), kind: "mute", reason: "x", seconds: 0 },
      "invalid",
    ],
    [
      "a sanction of a year and a second",
      "POST",
      "/sanctions",
      { user: uuidv7(), kind: "mute", reason: "x", seconds: 31_536_001 },
      "invalid",
    ],
    [
      "a reason with an escape",
      "POST",
      "/sanctions",
      { user: uuidv7(), kind: "mute", reason: "\u001b[0m" },
      "invalid",
    ],
    ["a sanction that is not there", "DELETE", `/sanctions/${uuidv7()}`, {}, "not_found"],
    ["a sanction that is no id", "DELETE", "/sanctions/1", {}, "invalid"],
    ["a reaction that is a flag", "PUT", "/messages/1/reactions/🇯🇵", {}, null],
    ["a reaction that is half a flag", "PUT", "/messages/1/reactions/🇯", {}, "invalid"],
    ["a reaction that is a digit", "PUT", "/messages/1/reactions/1", {}, "invalid"],
    [
      "a reaction that is a letter and a mark",
      "PUT",
      "/messages/1/reactions/a\u0301",
      {},
      "invalid",
    ],
    ["a reaction to nothing", "PUT", "/messages/999999/reactions/👍", {}, "not_found"],
    ["a read marker that is text", "PUT", "/read", { seq: "1" }, "invalid"],
    ["a read marker past the head", "PUT", "/read", { seq: 9_007_199_254_740_991 }, null],
    ["a read marker past 2^53", "PUT", "/read", { seq: 9_007_199_254_740_992 }, "invalid"],
  ])("[G15] %s", async (_what, method, path, body, code) => {
    const { status, body: answer } = await ada.rest(method, `/rooms/${room.id}${path}`, body);
    expect([status < 300, answer.code ?? null]).toEqual([code === null, code]);
    expect((await say(socket, room.id, "still here")).seq).toBeGreaterThan(0);
  });

  test("what is wrong with a topic is said of the topic", async () => {
    const { body } = await ada.rest("PATCH", `/rooms/${room.id}`, { topic: "a\0b" });
    expect(body.errors).toEqual([{ path: "topic", message: "The text holds a control character" }]);
  });
});

describe("a place in the log that is hardly one", () => {
  test.each([
    ["after its end", { after: 9_007_199_254_740_991 }],
    ["before its beginning", { before: 0 }],
    ["around what is not there", { around: 9_007_199_254_740_991 }],
  ])("[G5] %s there is nothing, and that is an answer", async (_what, place) => {
    const input = { room: room.id, ...place, limit: 5 };
    const history: CommandOutput<"room:history"> = await command(socket, "room:history", input);
    expect(history.events.length).toBeLessThanOrEqual(5);
    expect(history.prev).toBeLessThanOrEqual(history.next);
  });

  test("[G5] a cursor from the far future is reset to the head", async () => {
    const since = { epoch: 9_007_199_254_740_991, seq: 9_007_199_254_740_991 };
    const entered = await command(socket, "room:enter", { room: room.id, since });
    expect(entered).toMatchObject({ events: [], more: false, resetTo: entered.head });
  });
});
