import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";

import { RESUME_MESSAGES, RoomGrouper } from "../../workers/conversations/grouper.ts";
import type { Message } from "../../workers/conversations/message.ts";
import { loadModel } from "../../workers/conversations/model.ts";
import { readSaid } from "../../workers/conversations/read-said.ts";
import { RoomMemory, WINDOW } from "../../workers/conversations/room-memory.ts";
import { talkOf } from "../support/chatter.ts";

const model = loadModel();
const numbers = (length: { minLength: number; maxLength: number }) =>
  fc.array(fc.nat({ max: 1_000_000_000 }), length);

function placeAll(messages: readonly Message[], grouper = new RoomGrouper(model)) {
  return messages.map((message) => grouper.place(message));
}

function said(seq: number, name: string, text: string): Message {
  return { seq, atMs: seq * 20_000, author: { id: name, name }, text };
}

describe("grouping a room's messages", () => {
  test("what people say to each other stands together, what is asked anew stands apart", () => {
    const places = placeAll([
      said(1, "ada", "hello, how can I mount an ntfs partition in ubuntu?"),
      said(2, "linus", "anyone know why my sound card is not working after the upgrade?"),
      said(3, "grace", "ada: sudo mount -t ntfs-3g /dev/sda1 /mnt"),
      said(4, "hedy", "linus: check the mixer with alsamixer first"),
      said(5, "ada", "grace: thanks, that worked"),
      said(6, "linus", "hedy: everything is muted, thanks"),
    ]);
    expect(places.map(({ conversation }) => conversation)).toEqual([1, 2, 1, 2, 1, 2]);
    expect(places.map(({ parent }) => parent)).toEqual([1, 2, 1, 2, 3, 4]);
  });

  test("a reply goes where its author says, even to what is long forgotten", () => {
    const grouper = new RoomGrouper(model);
    const [first, second, third] = talkOf([3, 5, 11]);
    if (first === undefined || second === undefined || third === undefined) throw new Error("talk");
    grouper.place(first);
    grouper.resume(second, { parent: 2, conversation: 2 });
    expect(grouper.place({ ...third, replyTo: { seq: 2 } })).toEqual({
      parent: 2,
      conversation: 2,
    });
    const replyTo = { seq: -900, conversation: -901 };
    const place = { parent: -900, conversation: -901 };
    expect(grouper.place({ ...third, seq: 4, replyTo })).toEqual(place);
  });

  test("a place is the message's own or one said before, in that one's conversation", () => {
    fc.assert(
      fc.property(numbers({ minLength: 1, maxLength: 120 }), (some) => {
        const places = new Map(placeAll(talkOf(some)).map((place, i) => [i + 1, place]));
        for (const [seq, { parent, conversation }] of places) {
          expect(parent).toBeLessThanOrEqual(seq);
          const isStart = parent === seq;
          expect(conversation).toBe(isStart ? seq : places.get(parent)?.conversation);
        }
      }),
      { numRuns: 30 },
    );
  });

  test("the same messages always get the same places", () => {
    fc.assert(
      fc.property(numbers({ minLength: 1, maxLength: 120 }), (some) => {
        expect(placeAll(talkOf(some))).toEqual(placeAll(talkOf(some)));
      }),
      { numRuns: 20 },
    );
  });

  test("a grouper that resumes from what is stored goes on as if it had never stopped", () => {
    fc.assert(
      fc.property(
        numbers({ minLength: 600, maxLength: 900 }),
        fc.nat({ max: 900 }),
        (some, where) => {
          const messages = talkOf(some);
          const places = placeAll(messages);
          const cut = Math.min(where, messages.length);
          const resumed = new RoomGrouper(model);
          for (let i = Math.max(0, cut - RESUME_MESSAGES); i < cut; i += 1) {
            const [message, place] = [messages[i], places[i]];
            if (message !== undefined && place !== undefined) resumed.resume(message, place);
          }
          expect(placeAll(messages.slice(cut), resumed)).toEqual(places.slice(cut));
        },
      ),
      { numRuns: 8 },
    );
  });

  test("a room remembers no more than its window, whatever is said", () => {
    const memory = new RoomMemory(model);
    const word = "zyxwvu";
    for (let seq = 1; seq <= 3 * WINDOW; seq += 1) {
      const author = { id: `${seq}`, name: `name${seq}` };
      memory.keep(readSaid({ seq, atMs: seq, author, text: `${word} ${seq}`.repeat(500) }, memory));
      expect(memory.window.length).toBe(Math.min(seq, WINDOW));
    }
    expect(memory.people.find("name1")).toBeUndefined();
    expect(memory.people.find(`name${3 * WINDOW}`)).toBe(`${3 * WINDOW}`);
    expect(Math.max(...memory.window.map(({ words }) => words.length))).toBeLessThanOrEqual(31);
  });
});
