import { Refusal } from "../protocol/errors.ts";
import type { Fact, FactOf, FactType } from "../protocol/facts.ts";
import type { RoomId, UserId } from "../protocol/ids.ts";
import type { Message } from "../protocol/shapes.ts";
import { readHotSeeded } from "./history.ts";
import { type KeptMessage, readMessages } from "./postgres/messages.ts";
import { readChanges } from "./redis/room-log.ts";
import { inRanges } from "./seq-ranges.ts";
import type { Stores } from "./stores.ts";

/** The present state of a room's messages. */
export interface MessagePage {
  messages: Message[];
  more: boolean;
}

interface PageRequest {
  room: RoomId;
  /** Whose reactions are `mine`. */
  viewer: UserId;
  after: number;
  before: number;
  limit: number;
  newestFirst: boolean;
}

const TAIL_PAGE = 2_000;

/**
 * Messages with `after < seq < before` as they are now: Postgres, and over it what is accepted but
 * not stored yet, so that whoever was answered sees what they did (G9).
 */
export async function readMessagesNow(stores: Stores, ask: PageRequest): Promise<MessagePage> {
  for (let tries = 0; tries < 3; tries += 1) {
    const kept = await readMessages(stores.store.sql, { ...ask, limit: ask.limit + 1 });
    const tail = await readTail(stores, ask.room, kept.storedSeq);
    if (tail !== null) return pageOf(stores, ask, kept.messages, tail);
  }
  throw new Refusal("unavailable", "The room is moving too fast; try again in a moment.");
}

/** Accepted facts above what a snapshot of Postgres knows; null when the snapshot is too old for the log. */
export async function readTail(
  stores: Stores,
  room: RoomId,
  storedSeq: number,
): Promise<Fact[] | null> {
  const facts: Fact[] = [];
  let position = storedSeq;
  for (;;) {
    const hot = await readHotSeeded(stores, { room, way: "after", position, limit: TAIL_PAGE });
    // Only what is stored is trimmed: the log moved on past the snapshot, and a new one knows more.
    if (position < hot.floor && storedSeq < hot.stored) return null;
    for (const { json } of hot.entries) facts.push(JSON.parse(json) as Fact);
    const last = hot.entries.at(-1);
    if (hot.entries.length < TAIL_PAGE || last === undefined) return facts;
    position = last.seq;
  }
}

async function pageOf(
  stores: Stores,
  ask: PageRequest,
  kept: KeptMessage[],
  tail: Fact[],
): Promise<MessagePage> {
  const overlay: Overlay = {
    ask,
    byMessage: new Map(kept.map((message) => [message.seq, message])),
    restored: new Set(),
  };
  for (const fact of tail) apply(overlay, fact);
  await giveTextsBack(stores, overlay);
  const found = [...overlay.byMessage.values()].toSorted((a, b) => a.seq - b.seq);
  const messages = ask.newestFirst ? found.slice(-ask.limit) : found.slice(0, ask.limit);
  return {
    messages: messages.map((message) => seenBy(ask.viewer, message)),
    more: found.length > ask.limit,
  };
}

interface Overlay {
  ask: PageRequest;
  byMessage: Map<number, KeptMessage>;
  /** Messages that are back, whose texts are still to be read. */
  restored: Set<number>;
}

/** What the undoing of a clean-up brought back says what it said; the hot log knows until it is stored. */
async function giveTextsBack(stores: Stores, { ask, byMessage, restored }: Overlay): Promise<void> {
  const changes = await readChanges(stores.link, ask.room, [...restored]);
  for (const [seq, { text, editedAt }] of changes) {
    const message = byMessage.get(seq);
    if (message === undefined || text === undefined) continue;
    message.text = text;
    if (editedAt !== undefined) message.editedAt = editedAt;
  }
}

type Folds = { [T in FactType]: ((overlay: Overlay, fact: FactOf<T>) => void) | null };

/** What a fact does to a message. Null: nothing. */
const folds: Folds = {
  "message.sent": ({ ask, byMessage }, fact) => {
    if (fact.seq <= ask.after || fact.seq >= ask.before) return;
    byMessage.set(fact.seq, {
      seq: fact.seq,
      by: fact.by,
      at: fact.at,
      ...(fact.text === undefined ? {} : { text: fact.text }),
      clientId: fact.clientId,
      ...(fact.replyTo === undefined ? {} : { replyTo: fact.replyTo }),
      mentions: fact.mentions,
      ...(fact.editedAt === undefined ? {} : { editedAt: fact.editedAt }),
      pinned: false,
      reactions: new Map(),
    });
  },
  "message.edited": ({ byMessage }, fact) => {
    const message = byMessage.get(fact.target);
    if (message === undefined || fact.text === undefined) return;
    message.text = fact.text;
    message.editedAt = fact.at;
  },
  "message.removed": ({ byMessage, restored }, fact) => {
    const message = byMessage.get(fact.target);
    if (message === undefined) return;
    restored.delete(fact.target);
    takeBack(message, fact);
  },
  "messages.removed": ({ byMessage, restored }, fact) => {
    const isTarget = inRanges(fact.targets);
    for (const [seq, message] of byMessage) {
      if (!isTarget(seq) || message.removed !== undefined) continue;
      if (fact.author !== undefined && fact.author !== message.by.id) continue;
      restored.delete(seq);
      takeBack(message, fact);
    }
  },
  "messages.restored": ({ byMessage, restored }, { removal }) => {
    for (const [seq, message] of byMessage) {
      if (message.removedSeq === undefined || message.removedSeq !== removal) continue;
      delete message.removed;
      delete message.removedSeq;
      restored.add(seq);
    }
  },
  "reaction.added": ({ byMessage }, fact) => {
    const who = byMessage.get(fact.target)?.reactions;
    who?.set(fact.emoji, (who.get(fact.emoji) ?? new Set()).add(fact.by.id));
  },
  "reaction.removed": ({ byMessage }, fact) => {
    byMessage.get(fact.target)?.reactions.get(fact.emoji)?.delete(fact.by.id);
  },
  "message.pinned": ({ byMessage }, fact) => setPinned(byMessage, fact.target, true),
  "message.unpinned": ({ byMessage }, fact) => setPinned(byMessage, fact.target, false),
  "message.moved": ({ byMessage }, { target, conversation }) => {
    const message = byMessage.get(target);
    if (message !== undefined) message.conversation = conversation;
  },
  "member.muted": null,
  "member.unmuted": null,
  "member.kicked": null,
  "member.banned": null,
  "member.unbanned": null,
  "member.role": null,
  "member.left": null,
  "room.updated": null,
};

function takeBack(
  message: KeptMessage,
  fact: FactOf<"message.removed"> | FactOf<"messages.removed">,
): void {
  delete message.text;
  delete message.editedAt;
  const { seq, by, at, reason } = fact;
  message.removedSeq = seq;
  message.removed = { by, at, ...(reason === undefined ? {} : { reason }) };
}

function apply(overlay: Overlay, fact: Fact): void {
  const fold = folds[fact.type] as ((overlay: Overlay, fact: Fact) => void) | null;
  fold?.(overlay, fact);
}

function setPinned(byMessage: Map<number, KeptMessage>, seq: number, pinned: boolean): void {
  const message = byMessage.get(seq);
  if (message !== undefined) message.pinned = pinned;
}

function seenBy(
  viewer: UserId,
  { reactions, removedSeq: _removedSeq, ...message }: KeptMessage,
): Message {
  return {
    ...message,
    reactions: [...reactions]
      .filter(([, who]) => who.size > 0)
      .map(([emoji, who]) => ({ emoji, count: who.size, mine: who.has(viewer) })),
  };
}
