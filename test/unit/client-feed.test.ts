import { expect, test } from "@jest/globals";

import {
  newFeed,
  stepFeed,
  type Feed,
  type FeedEffect,
  type FeedInput,
} from "../../client/feed.ts";
import { RoomId } from "../../protocol/ids.ts";
import { ada } from "../simulation/happenings.ts";
import { SimRoom, WATERCOOLER } from "../simulation/sim-room.ts";

const CELLAR = RoomId.parse("01900000-0000-7000-8000-00000000000b");

function roomWith(count: number): SimRoom {
  const room = new SimRoom();
  speak(room, count);
  return room;
}

function speak(room: SimRoom, count: number): void {
  const at = "2024-01-01T00:00:00.000Z";
  for (let index = 0; index < count; index += 1) {
    room.append({ type: "message.pinned", at, by: ada, target: 1 });
  }
}

function batch(room: SimRoom, seen: number, id = WATERCOOLER): FeedInput {
  const push = room.batch(seen);
  if (push === null) throw new Error("Nothing was said after that");
  return { type: "events", push: { ...push, room: id } };
}

/** A feed after some inputs, with what it did. */
function after(feed: Feed, ...inputs: FeedInput[]) {
  const effects: FeedEffect[] = [];
  let now = feed;
  for (const input of inputs) {
    const next = stepFeed(now, input);
    now = next.feed;
    effects.push(...next.effects);
  }
  const seqs = effects.flatMap((one) =>
    one.type === "facts" ? one.facts.map(({ seq }) => seq) : [],
  );
  return { feed: now, effects, seqs, enters: effects.filter(({ type }) => type === "enter") };
}

/** A feed that is live and has read all of the room. */
function live(room: SimRoom): Feed {
  const { feed } = after(
    newFeed(),
    { type: "connected" },
    { type: "entered", request: 1, reply: room.enter({}) },
  );
  return feed;
}

test("[G5] what comes while entering is handed on after the page, once", () => {
  const room = roomWith(3);
  const reply = room.enter({});
  speak(room, 2);
  const { seqs, effects } = after(
    newFeed(),
    { type: "connected" },
    batch(room, 2),
    batch(room, 3),
    { type: "entered", request: 1, reply },
  );
  expect(seqs).toEqual([1, 2, 3, 4, 5]);
  expect(effects.map(({ type }) => type)).toEqual([
    "enter",
    "entered",
    "began",
    "facts",
    "live",
    "facts",
  ]);
});

test("a batch of another room that came before the room's id was known is not taken", () => {
  const room = roomWith(1);
  const { seqs } = after(newFeed(), { type: "connected" }, batch(roomWith(9), 1, CELLAR), {
    type: "entered",
    request: 1,
    reply: room.enter({}),
  });
  expect(seqs).toEqual([1]);
});

test("[G5] more than can be held while entering is read from the log", () => {
  const room = roomWith(1);
  const reply = room.enter({});
  speak(room, 6_000);
  const entered = after(newFeed(), { type: "connected" }, batch(room, 1), {
    type: "entered",
    request: 1,
    reply,
  });
  expect(entered.seqs).toEqual([1]);
  expect(entered.effects.at(-1)).toEqual({ type: "grace" });
  const asked = after(entered.feed, { type: "graceOver" });
  expect(asked.enters).toMatchObject([{ since: { epoch: 1, seq: 1 } }]);
});

test("[G5] a gap is asked about at once, and with a wait when the log does not fill it", () => {
  const room = roomWith(1);
  const feed = live(room);
  const stale = room.enter({ since: { epoch: 1, seq: 1 } });
  speak(room, 2);
  const first = after(feed, batch(room, 2));
  expect(first.enters).toMatchObject([{ failures: 0, since: { epoch: 1, seq: 1 } }]);
  const second = after(first.feed, batch(room, 2), { type: "entered", request: 2, reply: stale });
  expect(second.enters).toMatchObject([{ failures: 1 }]);
});

test("pages without progress are asked for with a wait that grows", () => {
  const room = roomWith(3);
  const feed = live(room);
  const reply = { ...room.enter({ since: { epoch: 1, seq: 3 } }), more: true };
  const { enters } = after(
    feed,
    { type: "disconnected" },
    { type: "connected" },
    { type: "entered", request: 2, reply },
    { type: "entered", request: 3, reply },
  );
  expect(enters).toMatchObject([{ failures: 0 }, { failures: 1 }, { failures: 2 }]);
});

test("[G6] a head beyond mine is waited for, and asked about when its facts do not come", () => {
  const room = roomWith(1);
  const feed = live(room);
  speak(room, 1);
  const head: FeedInput = { type: "head", push: { room: WATERCOOLER, epoch: 1, seq: 2 } };
  const told = after(feed, head, head);
  expect(told.effects).toEqual([{ type: "grace" }]);
  expect(after(told.feed, batch(room, 1), { type: "graceOver" }).enters).toEqual([]);
  expect(after(told.feed, { type: "graceOver" }).enters).toHaveLength(1);
});

test("[G7] a newer epoch is asked about at once, however it is heard of", () => {
  const room = roomWith(2);
  const feed = live(room);
  const push = room.lose();
  const { epoch } = push;
  speak(room, 1);
  const ways: FeedInput[] = [
    { type: "reset", push },
    { type: "head", push: { room: WATERCOOLER, epoch, seq: 0 } },
    batch(room, 0),
  ];
  for (const way of ways) expect(after(feed, way).enters).toHaveLength(1);
});

test("[G7] a reset is told before the facts that come in the place of the lost ones", () => {
  const room = roomWith(1);
  room.store();
  speak(room, 2);
  const feed = live(room);
  const push = room.lose();
  speak(room, 1);
  const { effects, feed: then } = after(
    feed,
    { type: "reset", push },
    {
      type: "entered",
      request: 2,
      reply: room.enter({ since: { epoch: 1, seq: 3 } }),
    },
  );
  expect(effects.map(({ type }) => type)).toEqual(["enter", "entered", "reset", "facts", "live"]);
  expect(effects[2]).toEqual({ type: "reset", to: 1 });
  expect(then.cursor).toEqual({ epoch: 2, seq: room.head });
});

test("a token that ran out while entering does not end the room", () => {
  const { feed, effects } = after(
    newFeed(),
    { type: "connected" },
    {
      type: "refused",
      request: 1,
      error: { code: "unauthenticated", message: "Expired" },
    },
  );
  expect([feed.phase, effects.length]).toEqual(["away", 1]);
});

test("a closed feed hears nothing more", () => {
  const room = roomWith(1);
  const { feed } = after(live(room), {
    type: "closed",
    push: { room: WATERCOOLER, reason: "kicked" },
  });
  speak(room, 1);
  const { effects } = after(feed, batch(room, 1), { type: "connected" });
  expect([feed.phase, effects]).toEqual(["closed", []]);
});
