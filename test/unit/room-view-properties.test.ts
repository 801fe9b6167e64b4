import { expect, test } from "@jest/globals";
import fc from "fast-check";

import { atItsWord } from "../../client/at-its-word.ts";
import {
  applyFact,
  applyFacts,
  doubtful,
  emptyView,
  prependFacts,
  refreshFacts,
  resetTo,
  trimView,
} from "../../client/room-view.ts";
import type { RoomView } from "../../client/view-model.ts";
import type { Fact } from "../../protocol/facts.ts";
import { draftOf, happening, type Happening } from "../simulation/happenings.ts";
import { seed } from "../simulation/seed.ts";
import { shown } from "../simulation/shown.ts";
import { SimRoom } from "../simulation/sim-room.ts";

const log = fc.array(happening, { minLength: 1, maxLength: 40 });
const cut = fc.nat(40);
const settings = { seed, numRuns: 2_000 };

test(`[G5] a view shows what the log says of each message (seed ${seed})`, () => {
  fc.assert(
    fc.property(log, (what) => {
      const room = roomOf(what);
      const view = fold(room.facts);
      const sent = room.facts.flatMap((fact) => (fact.type === "message.sent" ? [fact] : []));
      expect(view.messages.map(({ seq }) => seq)).toEqual(sent.map(({ seq }) => seq));
      for (const [index, fact] of sent.entries()) {
        const { text, editedAt, removed } = room.present(fact);
        const message = view.messages[index];
        expect([message?.removed, message?.editedAt]).toEqual([removed, editedAt]);
        expect(message?.text).toBe(removed ? undefined : text);
        expect(message?.reactions).toEqual(reactionsTo(fact.seq, room.facts));
      }
      expect(view.pins).toEqual(pinsOf(room.facts));
    }),
    settings,
  );
});

test(`[G19] folding a replay, read page by page while the room goes on, gives the live view (seed ${seed})`, () => {
  fc.assert(replayProperty(readByPages), settings);
});

test("[G19] a replay that hides a message, but not who removed it, is found out", () => {
  const property = replayProperty((room, later, size) =>
    readByPages(room, later, size, replayWithoutRemovals),
  );
  expect(fc.check(property, settings).failed).toBe(true);
});

test(`a reset undoes all that it voids, and nothing else (seed ${seed})`, () => {
  fc.assert(resetProperty(resetTo), settings);
});

test("a reset that only takes messages away is found out", () => {
  expect(fc.check(resetProperty(resetMessagesOnly), settings).failed).toBe(true);
});

test(`[G3] a view that was read in a catch-up is right after a reset, once what is doubtful is read anew (seed ${seed})`, () => {
  fc.assert(
    fc.property(log, cut, cut, (what, before, lost) => {
      const room = roomOf(what);
      const head = room.head;
      const replayed = room.facts.map((fact) => room.replayed(fact));
      const stands = Math.max(0, head - lost);
      const seen = fold(
        replayed.filter(({ seq }) => seq > Math.min(before, head)),
        Math.min(before, head),
      );
      room.facts = room.facts.filter(({ seq }) => seq <= stands);
      const reset = resetTo(seen, stands);
      const anew = doubtful(reset).flatMap(
        (seq) => room.history({ after: seq - 1, limit: 1 }).events,
      );
      const truth = fold(
        room.facts.filter(({ seq }) => seq > reset.start),
        reset.start,
      );
      expect(shown(refreshFacts(reset, anew))).toEqual(shown(truth));
    }),
    settings,
  );
});

test(`older pages before a view, cut anywhere, give the view of the whole (seed ${seed})`, () => {
  fc.assert(prependProperty(prependFacts), settings);
});

test("a view that only puts older messages in front is found out", () => {
  expect(fc.check(prependProperty(prependMessagesOnly), settings).failed).toBe(true);
});

test(`a view that was trimmed is the view of what is left (seed ${seed})`, () => {
  fc.assert(
    fc.property(log, cut, (what, at) => {
      const { facts, head } = roomOf(what);
      const start = Math.min(at, head);
      const left = facts.filter(({ seq }) => seq > start);
      expect(trimView(fold(facts), start)).toEqual(fold(left, start));
    }),
    settings,
  );
});

test(`a view is never changed by what is made of it, and a fact that it holds has no effect (seed ${seed})`, () => {
  fc.assert(purityProperty(applyFact), settings);
});

test("a fold that writes into the view it was given is found out", () => {
  expect(fc.check(purityProperty(applyInPlace), settings).failed).toBe(true);
});

/** Mutants: each with its mechanism taken out, to show that its property sees that. */
const replayWithoutRemovals = (room: SimRoom, page: readonly Fact[]) =>
  page.map((fact): Fact => {
    if (fact.type !== "message.removed") return room.replayed(fact);
    return { ...fact, type: "message.unpinned" };
  });

const resetMessagesOnly = (view: RoomView, to: number): RoomView => ({
  ...view,
  head: to,
  messages: view.messages.filter(({ seq }) => seq <= to),
});

const prependMessagesOnly: typeof prependFacts = (view, { prev, events }) => ({
  ...view,
  start: prev,
  messages: [...fold(events, prev).messages, ...view.messages],
});

const applyInPlace: typeof applyFact = (view, fact) => {
  const next = applyFact(view, fact);
  atItsWord<unknown[]>(view.messages).push(...next.messages.slice(view.messages.length));
  return next;
};

function replayProperty(read: typeof readByPages) {
  return fc.property(log, log, fc.integer({ min: 1, max: 7 }), (what, later, size) => {
    const room = roomOf(what);
    const replayed = read(room, later, size);
    expect(shown(replayed)).toEqual(shown(fold(room.facts)));
    expect(doubtful(replayed).filter((seq) => !wasRestored(seq, room))).toEqual([]);
  });
}

/** Reads a room page by page; after each page one more of `later` happens. */
function readByPages(
  room: SimRoom,
  later: readonly Happening[],
  size: number,
  replay = (of: SimRoom, page: readonly Fact[]) => page.map((fact) => of.replayed(fact)),
): RoomView {
  const coming = [...later];
  let view = emptyView();
  while (view.head < room.head) {
    const page = room.facts.filter(({ seq }) => seq > view.head).slice(0, size);
    view = applyFacts(view, replay(room, page));
    happen(room, coming.shift());
  }
  // A clean-up that was undone in between took text with it that only the server still has.
  const lacking = doubtful(view).flatMap(
    (seq) => room.history({ after: seq - 1, limit: 1 }).events,
  );
  return refreshFacts(view, replay(room, lacking));
}

function resetProperty(reset: (view: RoomView, to: number) => RoomView) {
  return fc.property(log, cut, (what, at) => {
    const { facts, head } = roomOf(what);
    const to = Math.min(at, head);
    const kept = facts.filter(({ seq }) => seq <= to);
    expect(shown({ ...reset(fold(facts), to), head: to })).toEqual(
      shown({ ...fold(kept), head: to }),
    );
  });
}

function prependProperty(prepend: typeof prependFacts) {
  return fc.property(log, fc.array(cut, { maxLength: 4 }), (what, cuts) => {
    const { facts, head } = roomOf(what);
    const starts = cuts.map((at) => Math.min(at, head)).toSorted((a, b) => b - a);
    let start = starts.shift() ?? head;
    let view = fold(
      facts.filter(({ seq }) => seq > start),
      start,
    );
    for (const prev of [...starts, 0]) {
      const from = start;
      view = prepend(view, { prev, events: facts.filter(({ seq }) => seq > prev && seq <= from) });
      start = prev;
    }
    expect(view).toEqual(fold(facts));
  });
}

function purityProperty(apply: typeof applyFact) {
  return fc.property(log, (what) => {
    const { facts } = roomOf(what);
    let view = deepFreeze(emptyView());
    for (const fact of facts) {
      view = deepFreeze(apply(view, deepFreeze(fact)));
      expect(apply(view, fact)).toEqual(view);
    }
    for (const at of [0, view.head >> 1, view.head]) {
      resetTo(view, at);
      trimView(view, at);
      refreshFacts(view, facts);
      prependFacts(trimView(view, at), { prev: 0, events: facts.filter(({ seq }) => seq <= at) });
    }
  });
}

function roomOf(what: readonly Happening[]): SimRoom {
  const room = new SimRoom();
  for (const one of what) happen(room, one);
  return room;
}

function happen(room: SimRoom, what: Happening | undefined): void {
  const draft = what === undefined ? null : draftOf(room, what);
  if (draft !== null) room.append(draft);
}

function fold(facts: readonly Fact[], start = 0): RoomView {
  return applyFacts(emptyView(start), facts);
}

function wasRestored(seq: number, room: SimRoom): boolean {
  return room.facts.some(
    (fact) =>
      fact.type === "messages.restored" &&
      fact.targets.some(([from, to]) => seq >= from && seq <= to),
  );
}

function reactionsTo(target: number, facts: readonly Fact[]) {
  const reactions = new Map<string, Set<string>>();
  for (const fact of facts) {
    if (fact.type !== "reaction.added" && fact.type !== "reaction.removed") continue;
    if (fact.target !== target) continue;
    const by = reactions.get(fact.emoji) ?? new Set<string>();
    if (fact.type === "reaction.added") by.add(fact.by.id);
    else by.delete(fact.by.id);
    if (by.size === 0) reactions.delete(fact.emoji);
    else reactions.set(fact.emoji, by);
  }
  return Array.from(reactions, ([emoji, by]) => ({ emoji, by: Array.from(by) }));
}

function pinsOf(facts: readonly Fact[]): number[] {
  const pins = new Set<number>();
  for (const fact of facts) {
    if (fact.type === "message.pinned") pins.add(fact.target);
    if (fact.type === "message.unpinned") pins.delete(fact.target);
  }
  return Array.from(pins);
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const part of Object.values(value)) deepFreeze(part);
  return value;
}
