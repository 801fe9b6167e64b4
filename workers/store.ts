import type { Logger } from "pino";
import type { TransactionSql } from "postgres";

import {
  lockForStoring,
  quarantineEntry,
  type RoomBatch,
  storeFacts,
  type StoredMark,
  follows,
} from "../db/postgres/store-facts.ts";
import { type HotEntry, noteStored, replaceBody } from "../db/redis/room-log.ts";
import { readUnstored } from "../db/redis/unstored.ts";
import type { Stores } from "../db/stores.ts";
import type { RoomId } from "../protocol/ids.ts";
import { isDataError, isStatementError, sqlStateOf } from "./data-error.ts";
import type { HeldUp } from "./held-up.ts";
import type { WorkerMetrics } from "./metrics.ts";
import { parseEntry } from "./parse-entry.ts";
import { tombstoneAt } from "./tombstone.ts";

/** What storing works with. */
export interface StoreDeps {
  stores: Stores;
  metrics: WorkerMetrics;
  log: Logger;
  /** Newest facts of each room that stay in the hot log. */
  keep: number;
  now: () => number;
  /** Rooms that Postgres has no place for at the moment. */
  heldUp: HeldUp;
  /** Told of rooms that have more stored than before, after it is committed; must not take time. */
  onStored: (rooms: RoomId[]) => void;
}

/** Rooms in one transaction: few commits, and no room waits long for another. */
const ROOMS_AT_ONCE = 100;
/** Facts in one transaction, so that none comes near a time-out; a room has its share of them. */
const FACTS_AT_ONCE = 5_000;
const LEAST_SHARE = 50;

/**
 * Stores what these rooms have accepted: reads each room's log above its watermark, writes rows,
 * projections and watermark in one transaction, and only after COMMIT tells Redis (G2, G12). Harmless
 * to run again or twice at once: a room's row is locked, and what is stored is skipped (G13).
 * Answers the rooms that have more.
 */
export async function storeRooms(deps: StoreDeps, rooms: readonly RoomId[]): Promise<RoomId[]> {
  const due = rooms.filter((room) => !deps.heldUp.isResting(room, deps.now()));
  const unfinished: RoomId[] = [];
  for (let from = 0; from < due.length; from += ROOMS_AT_ONCE) {
    const some = due.slice(from, from + ROOMS_AT_ONCE);
    unfinished.push(...(await storeTogether(deps, some)));
  }
  return unfinished;
}

/** Stores some rooms in one transaction; when Postgres refuses what one of them has, each by itself. */
async function storeTogether(deps: StoreDeps, rooms: RoomId[]): Promise<RoomId[]> {
  try {
    const share = Math.max(LEAST_SHARE, Math.floor(FACTS_AT_ONCE / rooms.length));
    return await storeOnce(deps, rooms, share);
  } catch (error) {
    if (!isDataError(error) && !isStatementError(error)) throw error;
    const unfinished: RoomId[] = [];
    for (const room of rooms) unfinished.push(...(await storeAlone(deps, room)));
    return unfinished;
  }
}

/** Stores one room, or lets it rest, loudly, when its facts are sound and Postgres is not ready for them. */
async function storeAlone(deps: StoreDeps, room: RoomId): Promise<RoomId[]> {
  const { heldUp, log, metrics, now } = deps;
  try {
    const unfinished = await storeBisecting(deps, room, FACTS_AT_ONCE);
    heldUp.forget(room);
    return unfinished;
  } catch (error) {
    if (!isStatementError(error)) throw error;
    const againInMs = heldUp.rest(room, now());
    metrics.heldUp.inc();
    log.error(
      { err: error, room, againInMs },
      "a room cannot be stored: is the schema up to date?",
    );
    return [];
  }
}

/** Stores one room in ever smaller pieces, until the entry that Postgres refuses stands alone (G14). */
async function storeBisecting(deps: StoreDeps, room: RoomId, most: number): Promise<RoomId[]> {
  try {
    return await storeOnce(deps, [room], most);
  } catch (error) {
    if (!isDataError(error)) throw error;
    if (most > 1) return storeBisecting(deps, room, Math.ceil(most / 4));
    await storeOrPutAside(deps, room);
    return [room];
  }
}

interface Pending {
  mark: StoredMark;
  entries: HotEntry[];
}

/** One transaction over some rooms. Errors: those of Postgres, with nothing written. */
async function storeOnce(deps: StoreDeps, rooms: RoomId[], most: number): Promise<RoomId[]> {
  const { stores, metrics } = deps;
  const { stored, poisoned } = await stores.store.sql.begin(async (tx) => {
    const marks = await lockForStoring(tx, rooms);
    const entries = await readUnstored(stores.link, marks, most);
    const read = marks.map((mark, i) => readBatch(deps, { mark, entries: entries[i] ?? [] }));
    const batches = read.map(({ batch }) => batch);
    await storeFacts(tx, batches);
    return {
      stored: batches.map((batch, i) => ({
        room: batch.room,
        seq: batch.entries.at(-1)?.fact.seq ?? marks[i]?.storedSeq ?? 0,
        facts: batch.entries.length,
      })),
      poisoned: read.flatMap(({ poison }) => poison ?? []),
    };
  });
  // From here on it is committed, and may be told.
  await noteStored(stores.link, stored, deps.keep);
  for (const { facts } of stored) metrics.stored.inc(facts);
  deps.onStored(stored.flatMap(({ room, facts }) => (facts > 0 ? room : [])));
  for (const { room } of poisoned) {
    await storeOrPutAside(deps, room);
  }
  return [
    ...stored.filter(({ facts }) => facts >= most).map(({ room }) => room),
    ...poisoned.map(({ room }) => room),
  ];
}

/** The facts that may follow what is stored, up to the first entry that is none or does not follow. */
function readBatch(
  { log, metrics }: StoreDeps,
  { mark, entries }: Pending,
): { batch: RoomBatch; poison: { room: RoomId } | null } {
  const batch: RoomBatch = { room: mark.room, entries: [] };
  let { storedSeq } = mark;
  for (const { seq, n, json } of entries) {
    if (!follows({ storedSeq, epochs: mark.epochs }, seq)) {
      metrics.holes.inc();
      log.error(
        { room: mark.room, storedSeq, seq },
        "the hot log has a hole; its rest is not stored",
      );
      break;
    }
    const fact = parseEntry(seq, json);
    if (fact === null) return { batch, poison: { room: mark.room } };
    batch.entries.push({ n, fact });
    storedSeq = seq;
  }
  return { batch, poison: null };
}

/**
 * Stores the entry right after the watermark, or puts it aside, in Postgres and in the hot log alike,
 * when it is what is refused. It is tried and judged under one lock: between a refusal and a second
 * transaction another worker may have put the culprit aside, and its neighbour would be blamed.
 */
async function storeOrPutAside(deps: StoreDeps, room: RoomId): Promise<void> {
  const { stores, metrics, log, now } = deps;
  const done = await stores.store.sql.begin(async (tx) => {
    const [mark] = await lockForStoring(tx, [room]);
    if (mark === undefined) return null;
    const [entries = []] = await readUnstored(stores.link, [mark], 1);
    const [entry] = entries;
    if (entry === undefined) return null;
    const { batch, poison } = readBatch(deps, { mark, entries });
    if (poison === null && batch.entries.length === 0) return null;
    const refusal = poison === null ? await tryToStore(tx, batch) : NO_FACT;
    const { seq } = entry;
    if (refusal === null) return { seq, refusal, tombstone: null };
    const tombstone = tombstoneAt(seq, new Date(now()).toISOString());
    await quarantineEntry(tx, { room, ...entry, ...refusal }, tombstone);
    return { seq, refusal, tombstone };
  });
  if (done === null) return;
  const { seq, refusal, tombstone } = done;
  if (tombstone !== null) {
    metrics.quarantined.inc();
    log.error({ room, seq, sqlstate: refusal.sqlstate }, "an entry was put in quarantine");
    await replaceBody(stores.link, room, tombstone);
  }
  await noteStored(stores.link, [{ room, seq }], deps.keep);
  deps.onStored([room]);
}

/** Why Postgres refuses what an entry holds. */
interface RowRefusal {
  sqlstate: string;
  reason: string;
}

const NO_FACT: RowRefusal = { sqlstate: "00000", reason: "It is no fact." };

/** Null when it is stored. Errors: those that are not about the row. */
async function tryToStore(tx: TransactionSql, batch: RoomBatch): Promise<RowRefusal | null> {
  try {
    await tx.savepoint((nested) => storeFacts(nested, [batch]));
    return null;
  } catch (error) {
    if (!isDataError(error)) throw error;
    return { sqlstate: sqlStateOf(error), reason: error instanceof Error ? error.message : "" };
  }
}
