import { Refusal } from "../protocol/errors.ts";
import type { Fact } from "../protocol/facts.ts";
import type { RoomId } from "../protocol/ids.ts";
import { readStoredFacts } from "./postgres/facts.ts";
import {
  type ChangedState,
  type HotPage,
  readChanges,
  readTrimmed,
  readHot,
} from "./redis/room-log.ts";
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

/** A read starts anew when the log was trimmed meanwhile; that often in a row it is no coincidence. */
const MOST_TRIES = 10;

/**
 * Facts after a position, oldest first. The hot log is read first, with the position above which it
 * is complete; then Postgres below that. The other way round a trim in between would make a gap (G5).
 * Then the hot log once more: what it said may have been taken back while Postgres answered (G19).
 */
export async function readAfter(
  stores: Stores,
  ask: { room: RoomId; after: number; limit: number },
): Promise<LogPage> {
  const { room, after } = ask;
  const facts: Fact[] = [];
  let position = after;
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const limit = ask.limit - facts.length;
    const hot = await readHotSeeded(stores, { room, way: "after", position, limit });
    const upTo = hot.floor;
    const isHot = position >= upTo;
    const news = isHot
      ? hot.entries.map(({ json }) => parseFact(json))
      : await readKept(stores, { room, after: position, upTo, limit, newestFirst: false });
    facts.push(...news);
    if (isHot || news.length === limit) {
      const last = facts.at(-1)?.seq ?? after;
      const more = facts.length === ask.limit && last < hot.head;
      return { ...standing(hot), prev: after, facts, more };
    }
    position = upTo;
  }
  throw tooFast();
}

/** The last facts below a position, in ascending order. */
export async function readBefore(
  stores: Stores,
  { room, before, limit }: { room: RoomId; before: number; limit: number },
): Promise<LogPage> {
  // One more than asked for names the position before the first.
  const want = limit + 1;
  const readHotPart = () =>
    readHotSeeded(stores, { room, way: "before", position: before, limit: want });
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const hot = await readHotPart();
    const missing = want - hot.entries.length;
    const upTo = Math.min(hot.floor, before - 1);
    if (missing === 0 || upTo === 0) return lastPage(hot, [], limit);
    const kept = await readKept(stores, {
      room,
      after: 0,
      upTo,
      limit: missing,
      newestFirst: true,
    });
    if (hot.entries.length === 0) return lastPage(hot, kept, limit);
    // As above: Postgres took its time, and what is read last is answered.
    const again = await readHotPart();
    if (again.floor === hot.floor) return lastPage(again, kept, limit);
  }
  throw tooFast();
}

function lastPage(hot: HotPage, kept: Fact[], limit: number): LogPage {
  const found = [...kept, ...hot.entries.map(({ json }) => parseFact(json))];
  const more = found.length > limit;
  const prev = more ? (found.at(-limit - 1)?.seq ?? 0) : 0;
  return { ...standing(hot), prev, facts: found.slice(-limit), more };
}

function tooFast(): Refusal {
  return new Refusal("unavailable", "The room is moving too fast; try again in a moment.");
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

/**
 * Facts of Postgres, with what accepted but unstored changes made of them (G9, G19). A change that
 * was stored and trimmed in between is in neither, unless the snapshot reaches up to all that is trimmed.
 */
async function readKept(
  stores: Stores,
  ask: { room: RoomId; after: number; upTo: number; limit: number; newestFirst: boolean },
): Promise<Fact[]> {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const kept = await readStoredFacts(stores.store.sql, ask);
    const [first] = kept;
    if (first === undefined) return [];
    const targets = new Set(kept.flatMap(({ fact }) => changeable(fact)));
    const changes = await readChanges(stores.link, ask.room, [...targets]);
    const trimmed = await readTrimmed(stores.link, ask.room);
    if (trimmed === null || trimmed > first.storedSeq) continue;
    return kept.map(({ fact }) => {
      const [target] = changeable(fact);
      const change = target === undefined ? undefined : changes.get(target);
      return change === undefined ? fact : redact(fact, change);
    });
  }
  throw tooFast();
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
