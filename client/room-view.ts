import type { Fact, FactOf } from "../protocol/facts.ts";
import { foldFact } from "./fold.ts";
import type { RoomView } from "./view-model.ts";

/** The view of nothing, beginning after position `start`. */
export function emptyView(start = 0): RoomView {
  return {
    start,
    head: start,
    messages: [],
    pins: [],
    changes: {},
    roles: {},
    mutes: {},
    bans: {},
    kicks: {},
    journal: [],
    doubted: [],
  };
}

/** The view after one more fact. One that it holds already changes nothing. */
export function applyFact(view: RoomView, fact: Fact): RoomView {
  return applyFacts(view, [fact]);
}

/** The view after more facts, in order. Copies once per call, so give it whole batches. */
export function applyFacts(view: RoomView, facts: readonly Fact[]): RoomView {
  const draft = { ...view, messages: [...view.messages], journal: [...view.journal] };
  for (const fact of facts) {
    if (fact.seq <= draft.head) continue;
    draft.head = fact.seq;
    draft.journal.push(fact);
    foldFact(draft, fact);
  }
  return draft;
}

/**
 * The view without what lies above `seq`: edits, removals, reactions and all else undone.
 *
 * Exact for facts that came live. A replayed one carries the text of its time, which may come from
 * an edit that is void now: messages that a dropped fact had changed, and those whose edits came
 * in a catch-up that did not get to its end (facts above `replayedFrom`), are `doubtful` until
 * read anew.
 */
export function resetTo(view: RoomView, seq: number, replayedFrom = Infinity): RoomView {
  const kept = view.journal.filter((fact) => fact.seq <= seq);
  const inDoubt = new Set(view.doubted);
  for (const fact of view.journal) {
    if (fact.seq <= seq && fact.seq <= replayedFrom) continue;
    for (const target of textTargets(view, fact)) inDoubt.add(target);
  }
  const next = refold(Math.min(view.start, seq), kept);
  return { ...next, doubted: next.messages.map((m) => m.seq).filter((s) => inDoubt.has(s)) };
}

/**
 * The view with an older page before it. `prev` is the position before the page's first fact; the
 * page must reach up to the view's start.
 */
export function prependFacts(
  view: RoomView,
  page: { prev: number; events: readonly Fact[] },
): RoomView {
  const older = page.events.filter(({ seq }) => seq > page.prev && seq <= view.start);
  const next = refold(Math.min(page.prev, view.start), [...older, ...view.journal]);
  return { ...next, head: view.head, doubted: view.doubted };
}

/**
 * The view with newer readings of messages that it holds, as a replay gives them: their present
 * text counts for all the edits that it tells of. Ends their doubt.
 */
export function refreshFacts(view: RoomView, facts: readonly Fact[]): RoomView {
  const fresh = new Map<number, FactOf<"message.sent">>();
  for (const fact of facts) if (fact.type === "message.sent") fresh.set(fact.seq, fact);
  const upTo = new Map<number, number>();
  for (const fact of view.journal) {
    const present = fact.type === "message.edited" ? fresh.get(fact.target) : undefined;
    if (present?.editedAt === fact.at) upTo.set(present.seq, fact.seq);
  }
  const journal = view.journal.map((fact): Fact => {
    if (fact.type === "message.sent") return fresh.get(fact.seq) ?? fact;
    const present = fact.type === "message.edited" ? fresh.get(fact.target) : undefined;
    // An edit that came live while this was read is newer than what was read.
    const isTold =
      present?.editedAt !== undefined && fact.seq <= (upTo.get(present.seq) ?? Infinity);
    return fact.type === "message.edited" && isTold ? withText(fact, present.text) : fact;
  });
  const doubted = view.doubted.filter((seq) => !fresh.has(seq));
  return { ...refold(view.start, journal), head: view.head, doubted };
}

/** The view of the facts above `start` alone: what bounds its memory. */
export function trimView(view: RoomView, start: number): RoomView {
  if (start <= view.start) return view;
  const next = refold(
    start,
    view.journal.filter((fact) => fact.seq > start),
  );
  return {
    ...next,
    head: Math.max(view.head, start),
    doubted: view.doubted.filter((seq) => seq > start),
  };
}

/**
 * Messages whose text the view does not know for certain, in order. Meaningful once the room is
 * live; in the midst of a catch-up the facts that explain a message may still be to come.
 */
export function doubtful(view: RoomView): number[] {
  const marked = new Set(view.doubted);
  return view.messages
    .filter((message) => {
      const unexplained = message.removed
        ? message.removal === undefined
        : message.text === undefined ||
          (message.editedAt !== undefined && message.editedIn === undefined);
      return unexplained || marked.has(message.seq);
    })
    .map(({ seq }) => seq);
}

function refold(start: number, facts: readonly Fact[]): RoomView {
  return applyFacts(emptyView(start), facts);
}

function withText(edit: FactOf<"message.edited">, text: string | undefined): Fact {
  const { text: _, removed: __, ...rest } = edit;
  return text === undefined ? { ...rest, removed: true } : { ...rest, text };
}

/** The messages whose text a fact changes, shows or hides. */
function textTargets(view: RoomView, fact: Fact): number[] {
  switch (fact.type) {
    case "message.edited":
    case "message.removed":
      return [fact.target];
    case "messages.removed":
    case "messages.restored":
      return view.messages
        .map(({ seq }) => seq)
        .filter((seq) => fact.targets.some(([from, to]) => seq >= from && seq <= to));
    case "message.sent":
    case "reaction.added":
    case "reaction.removed":
    case "message.pinned":
    case "message.unpinned":
    case "message.moved":
    case "member.muted":
    case "member.unmuted":
    case "member.kicked":
    case "member.banned":
    case "member.unbanned":
    case "member.role":
    case "member.left":
    case "room.updated":
      return [];
  }
}
