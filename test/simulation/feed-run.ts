import fc from "fast-check";

import {
  enterInput,
  newFeed,
  type EnterReply,
  type FeedEffect,
  type FeedInput,
  type stepFeed,
} from "../../client/feed.ts";
import { applyFacts, doubtful, emptyView, refreshFacts, resetTo } from "../../client/room-view.ts";
import type { RoomView } from "../../client/view-model.ts";
import type { Fact, Push } from "../../protocol/facts.ts";
import type { Cursor } from "../../protocol/ids.ts";
import { draftOf, happening, type Happening } from "./happenings.ts";
import { shown } from "./shown.ts";
import { SimRoom, WATERCOOLER } from "./sim-room.ts";

/** One thing that the world does to a feed. */
export type FeedStep =
  | { do: "append"; what: Happening[] }
  | { do: "store" | "lose" | "break" | "connect" | "head" | "grace" | "serve" }
  /** Hands over, doubles or drops one of the messages under way: not always the oldest. */
  | { do: "deliver" | "double" | "drop"; which: number }
  /** Pushes some part of the log again, from anywhere. */
  | { do: "push"; after: number; length: number };

const step: fc.Arbitrary<FeedStep> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("append" as const),
      what: fc.array(happening, { minLength: 1, maxLength: 4 }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom(
        "deliver" as const,
        "deliver" as const,
        "double" as const,
        "drop" as const,
      ),
      which: fc.oneof(fc.constant(0), fc.nat(5)),
    }),
  },
  { weight: 5, arbitrary: fc.constant({ do: "serve" as const }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom("store" as const, "lose" as const, "break" as const, "connect" as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom("head" as const, "grace" as const) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("push" as const),
      after: fc.nat(40),
      length: fc.integer({ min: 1, max: 10 }),
    }),
  },
);

/** A whole run: how the room is entered, what was there before, and what happens. */
export interface FeedScript {
  limit: number;
  catchUp: "all" | "newest";
  before: Happening[];
  steps: FeedStep[];
}

/** Most runs begin live: there is more that can go wrong. */
const toBeLive: FeedStep[] = [{ do: "connect" }, { do: "serve" }, { do: "deliver", which: 0 }];

export const feedScript: fc.Arbitrary<FeedScript> = fc.record({
  limit: fc.integer({ min: 1, max: 6 }),
  catchUp: fc.constantFrom("all" as const, "all" as const, "newest" as const),
  before: fc.array(happening, { maxLength: 8 }),
  steps: fc
    .tuple(fc.constantFrom([], toBeLive, toBeLive), fc.array(step, { minLength: 5, maxLength: 80 }))
    .map(([first, then]) => [...first, ...then]),
});

type Inbound =
  | { type: "reply"; request: number; reply: EnterReply }
  | { type: "events"; push: Push<"room.events"> }
  | { type: "head"; push: Push<"room.head"> }
  | { type: "reset"; push: Push<"room.reset"> };

/**
 * Runs a feed through a script, lets the world heal, and holds what it handed on against the log.
 *
 * Throws at the first fact that does not follow the one before it, and at the end when what was
 * handed on, or the view folded from it, is not what the log says.
 */
export function runFeed(script: FeedScript, stepFn: typeof stepFeed): void {
  const room = new SimRoom();
  const { catchUp, limit } = script;
  let feed = newFeed();
  let connected = false;
  let live = false;
  let held: Fact[] = [];
  let position = 0;
  let view: RoomView = emptyView();
  let replayedFrom = Infinity;
  let requests: { request: number; since: Cursor | null }[] = [];
  let inbound: Inbound[] = [];

  const append = (what: Happening[]) => {
    const after = room.head;
    for (const one of what) {
      const draft = draftOf(room, one);
      if (draft !== null) room.append(draft);
    }
    const push = room.batch(after);
    if (live && push !== null) inbound.push({ type: "events", push });
  };

  const give = (input: FeedInput) => {
    const { feed: next, effects } = stepFn(feed, input);
    feed = next;
    for (const effect of effects) take(effect);
  };

  const take = (effect: FeedEffect) => {
    switch (effect.type) {
      case "enter":
        replayedFrom = Math.min(replayedFrom, effect.since?.seq ?? view.start);
        requests.push({ request: effect.request, since: effect.since });
        return;
      case "began":
      case "skipped":
        position = effect.type === "began" ? effect.at : effect.to;
        held = [];
        view = emptyView(position);
        return;
      case "reset":
        held = held.filter(({ seq }) => seq <= effect.to);
        position = Math.min(position, effect.to);
        view = resetTo(view, effect.to, replayedFrom);
        return;
      case "facts":
        for (const fact of effect.facts) {
          const truePrev = room.prevOf.get(fact.seq);
          // Each fact follows the one before it: no gap, no double, no step back.
          if (truePrev !== position) {
            throw new Error(`${fact.seq} follows ${truePrev}, but was handed on after ${position}`);
          }
          position = fact.seq;
          held.push(fact);
        }
        view = applyFacts(view, effect.facts);
        return;
      case "live":
        replayedFrom = Infinity;
        return;
      case "entered":
        if (effect.since !== null && effect.since.epoch !== effect.reply.epoch) {
          view = resetTo(view, view.head, replayedFrom);
        }
        return;
      case "grace":
      case "closed":
    }
  };

  const serve = () => {
    const asked = requests.shift();
    if (asked === undefined) return;
    const reply = room.enter(enterInput(WATERCOOLER, asked.since, { catchUp, limit }));
    live = !reply.more;
    inbound.push({ type: "reply", request: asked.request, reply });
  };

  const deliver = (message: Inbound | undefined) => {
    if (message === undefined) return;
    if (message.type === "reply") {
      return give({ type: "entered", request: message.request, reply: message.reply });
    }
    give(message);
  };

  const pick = (which: number) => inbound.splice(which % Math.max(1, inbound.length), 1)[0];

  const carryOut = (one: FeedStep) => {
    switch (one.do) {
      case "append":
        return append(one.what);
      case "store":
        return room.store();
      case "lose": {
        const push = room.lose();
        if (live) inbound.push({ type: "reset", push });
        return;
      }
      case "break":
        connected = live = false;
        // Most of what was under way is gone; a reply may be late and must not do harm.
        inbound = inbound.filter(({ type }) => type === "reply");
        requests = [];
        return give({ type: "disconnected" });
      case "connect":
        if (connected) return;
        connected = true;
        return give({ type: "connected" });
      case "head":
        if (live) inbound.push({ type: "head", push: headOf(room) });
        return;
      case "grace":
        return give({ type: "graceOver" });
      case "serve":
        return connected ? serve() : undefined;
      case "deliver":
        return deliver(pick(one.which));
      case "double": {
        const message = inbound[one.which % Math.max(1, inbound.length)];
        return deliver(message);
      }
      case "drop": {
        const message = pick(one.which);
        // An enter that is not answered is given up after a while, and asked again.
        if (message?.type === "reply") {
          const error = { code: "unavailable", message: "Not answered" } as const;
          give({ type: "refused", request: message.request, error });
        }
        return;
      }
      case "push": {
        const after = room.facts[one.after]?.seq ?? 0;
        const push = room.batch(after, after + one.length);
        if (live && push !== null) inbound.push({ type: "events", push });
      }
    }
  };

  for (const one of script.before) append([one]);
  for (const one of script.steps) carryOut(one);

  // The world heals: everything that is under way arrives, and a head tells of what is missing.
  carryOut({ do: "connect" });
  for (let round = 0; round < 3; round += 1) {
    for (let turn = 0; turn < 200 && requests.length + inbound.length > 0; turn += 1) {
      serve();
      deliver(inbound.shift());
    }
    give({ type: "head", push: headOf(room) });
    give({ type: "graceOver" });
  }

  expectSame("phase", feed.phase, "live");
  expectSame("cursor", feed.cursor, { epoch: room.epoch, seq: room.head });
  const start = view.start;
  const whole = room.facts.filter(({ seq }) => seq > start);
  expectSame(
    "facts",
    held.map(({ seq }) => seq),
    whole.map(({ seq }) => seq),
  );
  const inDoubt = doubtful(view).flatMap(
    (seq) => room.history({ after: seq - 1, limit: 1 }).events,
  );
  expectSame(
    "view",
    shown(refreshFacts(view, inDoubt)),
    shown(applyFacts(emptyView(start), whole)),
  );
}

function headOf(room: SimRoom): Push<"room.head"> {
  return { room: WATERCOOLER, epoch: room.epoch, seq: room.head };
}

function expectSame(what: string, actual: unknown, expected: unknown): void {
  const [is, should] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (is !== should) throw new Error(`${what} is\n${is}\nand should be\n${should}`);
}
