import type { TransactionSql } from "postgres";

import { Refusal } from "../protocol/errors.ts";
import type { RoomId, UserId } from "../protocol/ids.ts";
import { IDLE_IN_TRANSACTION_MS } from "./postgres/connection.ts";
import { keys } from "./redis/keys.ts";
import { type HotPage, readSurvivors, seedRoom } from "./redis/room-log.ts";
import type { Stores } from "./stores.ts";

/**
 * Seqs that a new epoch skips. More than can ever be accepted and unstored (UNSTORED_CAP is at most
 * nine tenths of it, and moderation, which is not refused, fits in the rest), so that a seq which
 * was handed out and lost is never handed out again.
 */
const EPOCH_JUMP = 100_000;

/** A seeder that was paused longer than this must not seed: its lock may be gone. */
const SEED_DEADLINE_MS = IDLE_IN_TRANSACTION_MS - 2_000;

const MOST_TRIES = 5;

/**
 * Makes sure that this run of Redis has a room's log that can be trusted (G7).
 *
 * Two transactions, and the order matters. First the new epoch and its base are committed; only then,
 * with the row locked again, is Redis seeded. The other way round, a COMMIT that fails after the seed
 * would let the next loss seed the same base twice, and one seq would name two facts.
 * Errors: `not_found`, `unavailable`.
 */
export async function seedRoomLog(stores: Stores, room: RoomId): Promise<void> {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const plan = await planSeed(stores, room);
    if ((await carryOut(stores, room, plan)) !== "late") return;
  }
  throw new Refusal("unavailable", "The room's log is being rebuilt; try again in a moment.");
}

interface Plan {
  run: string;
  epoch: number;
  end: number;
  adopt: boolean;
  lost: { from: number; to: number } | null;
}

interface RoomRow {
  epoch: number;
  base: number;
  stored_seq: number;
  messages: number;
  policy: number;
}

async function lockRoom(tx: TransactionSql, room: RoomId): Promise<RoomRow> {
  const [row] = await tx<RoomRow[]>`
    SELECT epoch, base, stored_seq, messages, policy FROM rooms WHERE id = ${room} FOR UPDATE`;
  if (row === undefined) throw new Refusal("not_found", "There is no such room.");
  return row;
}

/** Decides between carrying on and a new epoch, and commits the new epoch before anyone uses it. */
async function planSeed(stores: Stores, room: RoomId): Promise<Plan> {
  return stores.store.sql.begin(async (tx) => {
    const row = await lockRoom(tx, room);
    // Read with the row locked: nobody else seeds meanwhile, so what survived stays what it is.
    const run = stores.link.run();
    const survivors = await readSurvivors(stores.link, {
      room,
      position: Number.MAX_SAFE_INTEGER,
      limit: 1,
    });
    const carriesOn =
      survivors !== null &&
      survivors.epoch === row.epoch &&
      survivors.head >= row.stored_seq &&
      (await lostNothing(stores, survivors, run));
    const end = Math.max(row.stored_seq, survivors?.head ?? 0);
    if (carriesOn) return { run, epoch: row.epoch, end, adopt: true, lost: null };
    const first = row.epoch === 0;
    const epoch = row.epoch + 1;
    const base = first ? 0 : Math.max(row.base, end) + EPOCH_JUMP;
    await tx`UPDATE rooms SET epoch = ${epoch}, base = ${base} WHERE id = ${room}`;
    await tx`
      INSERT INTO room_epochs (room_id, epoch, base, previous_end)
      VALUES (${room}, ${epoch}, ${base}, ${end})`;
    return { run, epoch, end, adopt: false, lost: first ? null : { from: end + 1, to: base } };
  });
}

/**
 * Whether the log of an earlier run is whole: it was written with fsync before every reply, or Redis
 * was stopped after its last writer (the marker is the last write, so all before it survived too).
 */
async function lostNothing(stores: Stores, survivors: HotPage, run: string): Promise<boolean> {
  if (survivors.run === run) return true;
  const { redis } = stores.link;
  if ((await redis.get(keys.cleanStop)) === survivors.run) return true;
  try {
    const [, fsync] = await redis.config("GET", "appendfsync");
    const [, aof] = await redis.config("GET", "appendonly");
    return fsync === "always" && aof === "yes";
  } catch {
    // Managed services forbid CONFIG. Then nobody can promise it, and a new epoch is safe.
    return false;
  }
}

async function carryOut(stores: Stores, room: RoomId, plan: Plan): Promise<"done" | "late"> {
  return stores.store.sql.begin(async (tx) => {
    const row = await lockRoom(tx, room);
    if (row.epoch !== plan.epoch) return "late";
    const sanctions = await tx<{ user_id: UserId; kind: "mute" | "ban"; until: string | null }[]>`
      SELECT user_id, kind, CASE WHEN bool_or(until IS NULL) THEN NULL
        ELSE (extract(epoch FROM max(until)) * 1000)::bigint END AS until
      FROM sanctions
      WHERE room_id = ${room} AND lifted_at IS NULL AND kind <> 'kick' AND (until IS NULL OR until > now())
      GROUP BY user_id, kind`;
    const [seconds = "0"] = (await stores.link.redis.time()).map(String);
    const status = await seedRoom(stores.link, {
      room,
      run: plan.run,
      end: plan.end,
      deadlineMs: Number(seconds) * 1_000 + SEED_DEADLINE_MS,
      epoch: plan.epoch,
      base: row.base,
      stored: row.stored_seq,
      n: row.messages,
      policy: row.policy,
      adopt: plan.adopt,
      lost: plan.lost,
      sanctions: sanctions.map(({ user_id: user, kind, until }) => ({
        field: sanctionField(kind, user),
        until: until === null ? null : Number(until),
      })),
    });
    return status === "late" ? "late" : "done";
  });
}

/** The field of a sanction in a room's sanctions hash. */
export function sanctionField(kind: "mute" | "ban", user: UserId): string {
  return `${kind}:${user}`;
}

/**
 * The last seq of a cursor's epoch that still stands: facts above it were lost with that epoch.
 * Null when the cursor's epoch is not older than the room's.
 */
export async function endOfEpoch(
  { store }: Stores,
  room: RoomId,
  epoch: number,
): Promise<number | null> {
  const [row] = await store.sql<{ end: number | null }[]>`
    SELECT min(previous_end) AS end FROM room_epochs WHERE room_id = ${room} AND epoch > ${epoch}`;
  return row?.end ?? null;
}

/** The seqs that may have been accepted and were lost when an epoch began; null when none could be. */
export async function readLostRange(
  { store }: Stores,
  room: RoomId,
  epoch: number,
): Promise<{ from: number; to: number } | null> {
  const [row] = await store.sql<{ from: number; to: number }[]>`
    SELECT previous_end + 1 AS from, base AS to FROM room_epochs
    WHERE room_id = ${room} AND epoch = ${epoch} AND base > previous_end`;
  return row ?? null;
}

/** Facts between two positions: seqs that were skipped by a new epoch do not count. */
export async function countFacts(
  { store }: Stores,
  range: { room: RoomId; after: number; upTo: number },
): Promise<number> {
  const [row] = await store.sql<{ skipped: number }[]>`
    SELECT coalesce(sum(greatest(0, least(base, ${range.upTo}::bigint)
      - greatest(previous_end, ${range.after}::bigint))), 0)::bigint AS skipped
    FROM room_epochs WHERE room_id = ${range.room} AND base > ${range.after}`;
  return range.upTo - range.after - (row?.skipped ?? 0);
}
