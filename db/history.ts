import { Refusal } from "../protocol/errors.ts";
import type { Fact } from "../protocol/facts.ts";
import type { RoomId } from "../protocol/ids.ts";
import { messagesUpTo, readStoredFacts } from "./postgres/facts.ts";
import { type ChangedState, type HotPage, readChanges, readHot } from "./redis/room-log.ts";
import { seedRoomLog } from "./seed-room.ts";
import type { Stores } from "./stores.ts";

/** A piece of a room's log, ascending, and where the log stood when it was read. */
export interface LogPage {
  epoch: number;
  head: number;
  stored: number;
  /** Messages in the room up to the head. */
  n: number;
  /** The position just before the first fact. */
  prev: number;
  facts: Fact[];
  /** There is more in the direction of reading. */
  more: boolean;
}

/**
 * Facts after a position, oldest first. The hot log is read first, with the position above which it
 * is complete; then Postgres below that. The other way round a trim in between would make a gap (G5).
 */
export async function readAfter(
  stores: Stores,
  ask: { room: RoomId; after: number; limit: number },
): Promise<LogPage> {
  const { room, after, limit } = ask;
  const hot = await readHotSeeded(stores, { room, way: "after", position: after, limit });
  let facts: Fact[] = [];
  if (after < hot.floor) {
    facts = await readKept(stores, { room, after, upTo: hot.floor, limit, newestFirst: false });
  }
  for (const { json } of hot.entries.slice(0, limit - facts.length)) facts.push(parseFact(json));
  const last = facts.at(-1)?.seq ?? after;
  return { ...standing(hot), prev: after, facts, more: facts.length === limit && last < hot.head };
}

/** The last facts below a position, in ascending order. */
export async function readBefore(
  stores: Stores,
  ask: { room: RoomId; before: number; limit: number },
): Promise<LogPage> {
  const { room, before, limit } = ask;
  // One more than asked for names the position before the first.
  const want = limit + 1;
  const hot = await readHotSeeded(stores, { room, way: "before", position: before, limit: want });
  let facts = hot.entries.map(({ json }) => parseFact(json));
  if (facts.length < want) {
    const upTo = Math.min(hot.floor, before - 1);
    const kept = await readKept(stores, {
      room,
      after: 0,
      upTo,
      limit: want - facts.length,
      newestFirst: true,
    });
    facts = [...kept, ...facts];
  }
  const more = facts.length > limit;
  const prev = more ? (facts[0]?.seq ?? 0) : 0;
  return { ...standing(hot), prev, facts: more ? facts.slice(1) : facts, more };
}

/** Where a room's log stands. */
export async function readStanding(
  stores: Stores,
  room: RoomId,
): Promise<Omit<LogPage, "facts" | "prev" | "more">> {
  return standing(
    await readHotSeeded(stores, {
      room,
      way: "after",
      position: Number.MAX_SAFE_INTEGER,
      limit: 1,
    }),
  );
}

/** Messages after a position: by subtraction, whatever the size of the room. */
export async function countMessagesAfter(
  stores: Stores,
  room: RoomId,
  position: number,
): Promise<number> {
  const hot = await readHotSeeded(stores, { room, way: "after", position, limit: 1 });
  return hot.n - (hot.nAtPosition ?? (await messagesUpTo(stores.store.sql, room, position)));
}

/** Reads the hot log, making one first when this run of Redis has none. */
export async function readHotSeeded(
  stores: Stores,
  ask: { room: RoomId; way: "after" | "before"; position: number; limit: number },
): Promise<HotPage> {
  for (let tries = 0; tries < 3; tries += 1) {
    const hot = await readHot(stores.link, ask);
    if (hot !== null) return hot;
    await seedRoomLog(stores, ask.room);
  }
  throw new Refusal("unavailable", "The room's log is being rebuilt; try again in a moment.");
}

function standing({ epoch, head, stored, n }: HotPage) {
  return { epoch, head, stored, n };
}

function parseFact(json: string): Fact {
  return JSON.parse(json) as Fact;
}

/** Facts of Postgres, with what accepted but unstored changes made of them (G9, G19). */
async function readKept(
  stores: Stores,
  ask: { room: RoomId; after: number; upTo: number; limit: number; newestFirst: boolean },
): Promise<Fact[]> {
  const kept = await readStoredFacts(stores.store.sql, ask);
  const targets = new Set(kept.flatMap(({ fact }) => changeable(fact)));
  const changes = await readChanges(stores.link, ask.room, [...targets]);
  if (changes.size === 0) return kept.map(({ fact }) => fact);
  return kept.map(({ fact }) => {
    const [target] = changeable(fact);
    const change = target === undefined ? undefined : changes.get(target);
    return change === undefined ? fact : redact(fact, change);
  });
}

/** The message whose text a fact carries. */
function changeable(fact: Fact): number[] {
  if (fact.type === "message.sent") return [fact.seq];
  return fact.type === "message.edited" ? [fact.target] : [];
}

/** A fact as it may be replayed after the message whose text it carries was changed (G19). */
export function redact(fact: Fact, state: Omit<ChangedState, "edits">): Fact {
  if (fact.type !== "message.sent" && fact.type !== "message.edited") return fact;
  if (fact.type === "message.edited") {
    const { text: _text, removed: _removed, ...rest } = fact;
    return { ...rest, ...presentText(state) };
  }
  const { text: _text, editedAt: _editedAt, removed: _removed, ...rest } = fact;
  const { editedAt } = state.removed === true ? {} : state;
  return { ...rest, ...presentText(state), ...(editedAt === undefined ? {} : { editedAt }) };
}

function presentText(state: Omit<ChangedState, "edits">): { text?: string; removed?: true } {
  if (state.removed === true) return { removed: true };
  return state.text === undefined ? {} : { text: state.text };
}
