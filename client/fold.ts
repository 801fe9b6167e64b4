import type { Fact, FactOf, FactType } from "../protocol/facts.ts";
import { given } from "./given.ts";
import type { Removal, RoomView, Standing, ViewMessage } from "./view-model.ts";

/** A view in the making. The lists `messages` and `journal` are its own, all else is shared. */
export type Draft = {
  -readonly [K in keyof RoomView]: K extends "messages" | "journal"
    ? RoomView[K][number][]
    : RoomView[K];
};

/** Applies one fact, already in the journal, to the draft. */
export function foldFact(draft: Draft, fact: Fact): void {
  // A newer server may know facts that we do not: they have their place in the log, and no effect.
  if (!Object.hasOwn(handlers, fact.type)) return;
  const handle = handlers[fact.type] as (draft: Draft, fact: Fact) => void;
  handle(draft, fact);
}

/** What each type of fact does to a view. A type that is not here does not compile. */
const handlers = {
  "message.sent": (draft, fact) => {
    const { seq, by, at, clientId, text, replyTo, mentions, editedAt, removed } = fact;
    draft.messages.push({
      seq,
      by,
      at,
      clientId,
      mentions,
      removed: removed === true,
      reactions: [],
      ...given({ replyTo, editedAt }),
      ...(removed === true ? {} : given({ text })),
    });
  },
  "message.edited": (draft, { seq, at, target, text, removed }) =>
    change(draft, target, (message) => {
      const { text: _, ...rest } = message;
      const edited = { ...rest, editedAt: at, editedIn: seq };
      // Replayed after its removal: that fact is on its way, the text is not.
      if (removed === true) return { ...edited, removed: true };
      return message.removed || text === undefined ? edited : { ...edited, text };
    }),
  "message.removed": (draft, { seq, by, at, target, reason }) =>
    change(draft, target, (message) =>
      message.removal?.bulk === false
        ? message
        : hide(message, { seq, by, at, bulk: false, ...given({ reason }) }),
    ),
  "messages.removed": (draft, { seq, by, at, targets, author, reason }) =>
    changeRanges(draft, targets, (message) => {
      if (message.removal !== undefined) return message;
      if (author !== undefined && message.by.id !== author) return message;
      return hide(message, { seq, by, at, reason, bulk: true });
    }),
  "messages.restored": (draft, { targets, removal: undone }) => {
    const texts = lastTexts(draft, targets);
    changeRanges(draft, targets, (message) => {
      // What was removed for itself stays removed: only the clean-up is undone.
      if (message.removal?.bulk !== true) return message;
      if (undone !== undefined && message.removal.seq !== undone) return message;
      const { removal: _, ...rest } = message;
      const text = texts.get(message.seq);
      return { ...rest, removed: false, ...given({ text }) };
    });
  },
  "reaction.added": (draft, { by, target, emoji }) =>
    change(draft, target, (message) => {
      const known = message.reactions.find((reaction) => reaction.emoji === emoji);
      if (known === undefined) {
        return { ...message, reactions: [...message.reactions, { emoji, by: [by.id] }] };
      }
      if (known.by.includes(by.id)) return message;
      const more = { emoji, by: [...known.by, by.id] };
      return { ...message, reactions: message.reactions.map((r) => (r === known ? more : r)) };
    }),
  "reaction.removed": (draft, { by, target, emoji }) =>
    change(draft, target, (message) => {
      const reactions = message.reactions
        .map((reaction) =>
          reaction.emoji === emoji
            ? { emoji, by: reaction.by.filter((user) => user !== by.id) }
            : reaction,
        )
        .filter((reaction) => reaction.by.length > 0);
      return { ...message, reactions };
    }),
  "message.moved": (draft, { target, conversation }) => {
    change(draft, target, (message) => ({ ...message, conversation }));
  },
  "message.pinned": (draft, { target }) => {
    if (!draft.pins.includes(target)) draft.pins = [...draft.pins, target];
  },
  "message.unpinned": (draft, { target }) => {
    draft.pins = draft.pins.filter((seq) => seq !== target);
  },
  "member.muted": (draft, fact) => {
    draft.mutes = { ...draft.mutes, [fact.user]: standing(fact) };
  },
  "member.unmuted": (draft, { user }) => {
    draft.mutes = without(draft.mutes, user);
  },
  "member.kicked": (draft, fact) => {
    draft.kicks = { ...draft.kicks, [fact.user]: standing({ ...fact, until: null }) };
  },
  "member.banned": (draft, fact) => {
    draft.bans = { ...draft.bans, [fact.user]: standing(fact) };
  },
  "member.unbanned": (draft, { user }) => {
    draft.bans = without(draft.bans, user);
  },
  "member.role": (draft, { user, role }) => {
    draft.roles = { ...draft.roles, [user]: role };
  },
  "member.left": (draft, { user }) => {
    draft.roles = without(draft.roles, user);
  },
  "room.updated": (draft, { changes }) => {
    draft.changes = { ...draft.changes, ...given(changes) };
  },
} satisfies { [T in FactType]: (draft: Draft, fact: FactOf<T>) => void };

function change(draft: Draft, target: number, revise: (message: ViewMessage) => ViewMessage): void {
  const index = indexFrom(draft.messages, target);
  const message = draft.messages[index];
  // Older than the view: it takes effect when that page is prepended.
  if (message?.seq === target) draft.messages[index] = revise(message);
}

function changeRanges(
  draft: Draft,
  ranges: readonly (readonly [number, number])[],
  revise: (message: ViewMessage) => ViewMessage,
): void {
  for (const [from, to] of ranges) {
    for (let index = indexFrom(draft.messages, from); ; index += 1) {
      const message = draft.messages[index];
      if (message === undefined || message.seq > to) break;
      draft.messages[index] = revise(message);
    }
  }
}

/** Index of the first message at or above `seq`. */
function indexFrom(messages: readonly ViewMessage[], seq: number): number {
  let low = 0;
  let high = messages.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const message = messages[middle];
    if (message !== undefined && message.seq < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}

function hide(message: ViewMessage, removal: Removal): ViewMessage {
  const { text: _, ...rest } = message;
  return { ...rest, removed: true, removal };
}

/** The last text of each message of the ranges, as far as the journal knows it. */
function lastTexts(
  { journal }: Draft,
  ranges: readonly (readonly [number, number])[],
): Map<number, string> {
  const texts = new Map<number, string>();
  for (const fact of journal) {
    if (fact.type !== "message.sent" && fact.type !== "message.edited") continue;
    const seq = fact.type === "message.sent" ? fact.seq : fact.target;
    if (!ranges.some(([from, to]) => seq >= from && seq <= to)) continue;
    if (fact.text === undefined) texts.delete(seq);
    else texts.set(seq, fact.text);
  }
  return texts;
}

function standing(fact: Standing): Standing {
  const { seq, by, at, until, reason } = fact;
  return { seq, by, at, until, reason };
}

function without<T>(record: Readonly<Record<string, T>>, key: string): Record<string, T> {
  const { [key]: _, ...rest } = record;
  return rest;
}
