import { Refusal } from "../protocol/errors.ts";
import type { Fact, FactOf } from "../protocol/facts.ts";
import type { RoomId, UserId } from "../protocol/ids.ts";
import type { ReadRanges, ReadState } from "../protocol/shapes.ts";
import { readHotSeeded } from "./history.ts";
import { readTail } from "./messages.ts";
import {
  type ReadBase,
  readBases,
  readStates,
  readTouched,
  type StoredReadState,
  type TouchedMessage,
} from "./postgres/read-state.ts";
import { inRanges } from "./seq-ranges.ts";
import type { Stores } from "./stores.ts";

const MOST_TRIES = 10;

/**
 * What people have read of a room and what is left for them, in their order, with what is accepted but not
 * stored yet, so that whoever was answered sees it counted (G9). Who was there lately is told from the hot log:
 * when all come back at once, Postgres need not look at any message for them.
 */
export async function readStatesNow(
  stores: Stores,
  room: RoomId,
  people: readonly UserId[],
): Promise<ReadState[]> {
  const bases = await readBases(stores.store.sql, room, [...new Set(people)]);
  const hot = await countHot(stores, room, bases);
  const others = bases.flatMap(({ user }) => (hot.has(user) ? [] : user));
  const cold =
    others.length === 0 ? new Map<UserId, ReadState>() : await countStored(stores, room, others);
  return people.flatMap((user) => hot.get(user) ?? cold.get(user) ?? []);
}

/** Whoever has missed no more than so many facts is told from the hot log. */
const MOST_HOT = 500;

/** Counts for those after whose kept count, or marker, the hot log has all. */
async function countHot(
  stores: Stores,
  room: RoomId,
  bases: readonly ReadBase[],
): Promise<Map<UserId, ReadState>> {
  const near = bases.filter(({ since, storedSeq }) => since >= storedSeq - MOST_HOT);
  if (near.length === 0) return new Map();
  const position = Math.min(...near.map(({ since }) => since));
  const limit = 2 * MOST_HOT;
  const hot = await readHotSeeded(stores, { room, way: "after", position, limit });
  if (hot.entries.length === limit) return new Map();
  const facts = hot.entries.map(({ json }) => JSON.parse(json) as Fact);
  const targets = facts.filter(isRemoval).flatMap(targetsOf);
  const said = facts.flatMap((fact): News[] =>
    fact.type === "message.sent" && fact.removed !== true
      ? [{ seq: fact.seq, by: fact.by.id, mentions: fact.mentions, count: 1 }]
      : [],
  );
  return new Map(
    near.flatMap((base) => {
      const { since, ...state } = base;
      // What it takes away may be in the count that was kept.
      const isTouched = since > state.lastReadSeq || state.unread > 0;
      if (since < hot.floor || (isTouched && targets.some(([from]) => from <= since))) return [];
      const news = said.filter(({ seq }) => seq > since);
      return [[base.user, withNews(state, news)] as const];
    }),
  );
}

/** Counts as of Postgres, and over it what is accepted but not stored. */
async function countStored(
  stores: Stores,
  room: RoomId,
  people: readonly UserId[],
): Promise<Map<UserId, ReadState>> {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const kept = await readStates(stores.store.sql, room, people);
    const storedSeq = kept[0]?.storedSeq ?? 0;
    // Those who were counted anew may be told of a later moment.
    if (kept.some((state) => state.storedSeq !== storedSeq)) continue;
    const tail = await readTail(stores, room, storedSeq);
    const news = tail === null ? null : await readNews(stores, room, { tail, storedSeq });
    if (news === null) continue;
    return new Map(kept.map((state) => [state.user, withNews(state, news)]));
  }
  throw new Refusal("unavailable", "The room is moving too fast; try again in a moment.");
}

/** A message that counts one more or one less than Postgres says. */
interface News {
  seq: number;
  by: UserId;
  mentions: readonly UserId[];
  count: 1 | -1;
}

/** What accepted facts change of what Postgres counts; null when more was stored meanwhile. */
async function readNews(
  stores: Stores,
  room: RoomId,
  { tail, storedSeq }: { tail: readonly Fact[]; storedSeq: number },
): Promise<News[] | null> {
  const removals = tail.filter(isRemoval);
  const ranges = removals.flatMap(targetsOf).filter(([from]) => from <= storedSeq);
  const touched =
    ranges.length === 0 ? [] : await readTouched(stores.store.sql, room, { ranges, storedSeq });
  if (touched === null) return null;
  const said = tail.flatMap((fact) => (fact.type === "message.sent" ? messageOf(fact) : []));
  return foldRemovals([...touched, ...said], removals, storedSeq);
}

/** What was taken back before it was stored stands in the hot log without its text; it names itself, as in Postgres. */
function messageOf({ seq, by, mentions, removed }: FactOf<"message.sent">): TouchedMessage {
  return { seq, by: by.id, mentions, removedSeq: removed === true ? seq : null };
}

type RemovalFact = FactOf<"message.removed"> | FactOf<"messages.removed" | "messages.restored">;

function isRemoval(fact: Fact): fact is RemovalFact {
  const { type } = fact;
  return type === "message.removed" || type === "messages.removed" || type === "messages.restored";
}

function targetsOf(fact: RemovalFact): ReadRanges {
  return fact.type === "message.removed" ? [[fact.target, fact.target]] : fact.targets;
}

/** What becomes of messages, fact by fact, as storing will do it. */
function foldRemovals(
  messages: readonly TouchedMessage[],
  facts: readonly RemovalFact[],
  storedSeq: number,
): News[] {
  const removedBy = new Map(messages.map(({ seq, removedSeq }) => [seq, removedSeq]));
  for (const fact of facts) {
    if (fact.type === "message.removed") {
      removedBy.set(fact.target, fact.seq);
      continue;
    }
    const isTarget = inRanges(fact.targets);
    for (const { seq, by } of messages) {
      if (!isTarget(seq)) continue;
      const before = removedBy.get(seq) ?? null;
      if (fact.type === "messages.restored") {
        if (before !== null && before === fact.removal) removedBy.set(seq, null);
      } else if (before === null || before === seq) {
        if (fact.author === undefined || fact.author === by) removedBy.set(seq, fact.seq);
      }
    }
  }
  return messages.flatMap(({ seq, by, mentions, removedSeq }) => {
    const stands = removedBy.get(seq) === null;
    const isCounted = seq <= storedSeq && removedSeq === null;
    return stands === isCounted ? [] : [{ seq, by, mentions, count: stands ? 1 : -1 }];
  });
}

function withNews(state: StoredReadState, news: readonly News[]): ReadState {
  const { user, hidden, storedSeq: _storedSeq, ...rest } = state;
  const isRead = inRanges(rest.readRanges);
  const unread = news.filter(
    ({ seq, by }) => seq > rest.lastReadSeq && !isRead(seq) && !hidden.includes(by),
  );
  const sum = (some: readonly News[]) => some.reduce((total, { count }) => total + count, 0);
  const counted = rest.unread + sum(unread);
  const candidates = unread.flatMap(({ seq, count }) => (count === 1 ? seq : []));
  return {
    ...rest,
    unread: counted,
    mentions: rest.mentions + sum(unread.filter(({ mentions }) => mentions.includes(user))),
    // Where the first one was just removed its place is told: the next one follows it.
    firstUnread: counted === 0 ? null : Math.min(rest.firstUnread ?? Infinity, ...candidates),
  };
}
