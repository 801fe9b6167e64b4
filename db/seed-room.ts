import { setTimeout } from "node:timers/promises";

import type { TransactionSql } from "postgres";

import { Refusal } from "../protocol/errors.ts";
import type { RoomId, UserId } from "../protocol/ids.ts";
import { IDLE_IN_TRANSACTION_MS } from "./postgres/connection.ts";
import { readSendsAhead } from "./postgres/sends-ahead.ts";
import { keys } from "./redis/keys.ts";
import { type HotPage, type PendingLifting, readSurvivors, seedRoom } from "./redis/room-log.ts";
import type { Stores } from "./stores.ts";

/**
 * Seqs that a new epoch skips. More than can ever be accepted and unstored (UNSTORED_CAP is at most
 * nine tenths of it, and moderation, which is not refused, fits in the rest), so that a seq which
 * was handed out and lost is never handed out again.
 */
const EPOCH_JUMP = 100_000;

/** A seeder that was paused longer than this must not seed: its lock may be gone. */
const SEED_DEADLINE_MS = IDLE_IN_TRANSACTION_MS - 2_000;

/** A plan that was not carried out for this long is of a process that died. */
const PLAN_GRACE_MS = 1_000;
const GIVE_UP_AFTER_MS = 3 * PLAN_GRACE_MS;
const RETRY_EVERY_MS = 20;

const underWay = new WeakMap<Stores, Map<RoomId, Promise<void>>>();

/**
 * Makes sure that this run of Redis has a room's log that can be trusted (G7). Calls at the same
 * time share one seeding: a loss is noticed by everyone at once. Errors: `not_found`, `unavailable`.
 */
export async function seedRoomLog(stores: Stores, room: RoomId): Promise<void> {
  const seedings = underWay.get(stores) ?? new Map<RoomId, Promise<void>>();
  underWay.set(stores, seedings);
  const seeding = seedings.get(room) ?? seed(stores, room).finally(() => seedings.delete(room));
  seedings.set(room, seeding);
  return seeding;
}

/**
 * Two transactions, and the order matters. First the new epoch and its base are committed; only then,
 * with the row locked again, is Redis seeded. The other way round, a COMMIT that fails after the seed
 * would let the next loss seed the same base twice, and one seq would name two facts.
 */
async function seed(stores: Stores, room: RoomId): Promise<void> {
  const deadline = Date.now() + GIVE_UP_AFTER_MS;
  while (Date.now() < deadline) {
    const plan = await planSeed(stores, room);
    if (plan !== "others" && (await carryOut(stores, room, plan)) !== "late") return;
    await setTimeout(RETRY_EVERY_MS);
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
  importing: boolean;
}

async function lockRoom(tx: TransactionSql, room: RoomId): Promise<RoomRow> {
  const [row] = await tx<RoomRow[]>`
    SELECT epoch, base, stored_seq, messages, policy, importing FROM rooms WHERE id = ${room} FOR UPDATE`;
  if (row === undefined) throw new Refusal("not_found", "There is no such room.");
  if (row.importing) {
    throw new Refusal("unavailable", "The room's history is being imported; come back later.", {
      retryAfterMs: 5_000,
    });
  }
  return row;
}

/**
 * Decides between carrying on and a new epoch, and commits the decision before anyone acts on it.
 * "others": another process is about to seed; planning over its head would begin an epoch for each
 * process that noticed one loss.
 */
async function planSeed(stores: Stores, room: RoomId): Promise<Plan | "others"> {
  return stores.store.sql.begin(async (tx) => {
    const row = await lockRoom(tx, room);
    const noted = await readNoted(tx, room, row.epoch);
    // Read with the row locked: nobody else seeds meanwhile, so what survived stays what it is.
    const run = stores.link.run();
    const survivors = await readSurvivors(stores.link, {
      room,
      position: Number.MAX_SAFE_INTEGER,
      limit: 1,
    });
    const end = Math.max(row.stored_seq, survivors?.head ?? 0);
    const adopt = { run, epoch: row.epoch, end, adopt: true, lost: null };
    if (survivors?.epoch === row.epoch && survivors.head >= row.stored_seq) {
      if (survivors.run === run) return adopt;
      if (await lostNothing(stores, survivors, noted?.run ?? null)) {
        await tx`
          UPDATE room_epochs SET run = ${run}, planned_at = clock_timestamp(), seeded_at = NULL
          WHERE room_id = ${room} AND epoch = ${row.epoch}`;
        return adopt;
      }
    }
    if (noted?.run === run && noted.isUnderWay) return "others";
    const first = row.epoch === 0;
    const epoch = row.epoch + 1;
    const base = first ? end : Math.max(row.base, end) + EPOCH_JUMP;
    await tx`UPDATE rooms SET epoch = ${epoch}, base = ${base} WHERE id = ${room}`;
    await tx`
      INSERT INTO room_epochs (room_id, epoch, base, previous_end, run, planned_at)
      VALUES (${room}, ${epoch}, ${base}, ${end}, ${run}, clock_timestamp())`;
    return { run, epoch, end, adopt: false, lost: first ? null : { from: end + 1, to: base } };
  });
}

/** For which run of Redis an epoch was last planned, and whether that is being carried out now. */
async function readNoted(
  tx: TransactionSql,
  room: RoomId,
  epoch: number,
): Promise<{ run: string | null; isUnderWay: boolean } | undefined> {
  const [noted] = await tx<{ run: string | null; isUnderWay: boolean }[]>`
    SELECT run, seeded_at IS NULL
      AND planned_at > clock_timestamp() - ${PLAN_GRACE_MS} * interval '1 millisecond' AS "isUnderWay"
    FROM room_epochs WHERE room_id = ${room} AND epoch = ${epoch}`;
  return noted;
}

/**
 * Whether the log of an earlier run is whole: it was written with fsync before every reply, or Redis
 * was stopped after its last writer (the marker is the last write, so all before it survived too).
 * The marker vouches for logs that were last written in the run that it names. One that a later run
 * took over is not among them, even where Redis lost the taking over with all that was written after.
 */
async function lostNothing(
  stores: Stores,
  survivors: HotPage,
  notedRun: string | null,
): Promise<boolean> {
  const { redis } = stores.link;
  if (survivors.run === notedRun && (await redis.get(keys.cleanStop)) === notedRun) return true;
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
    const liftings = await readPendingLiftings(tx, room);
    const ahead = await readSendsAhead(tx, room);
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
      liftings,
      ahead,
    });
    if (status === "late") return "late";
    await tx`
      UPDATE room_epochs SET seeded_at = clock_timestamp()
      WHERE room_id = ${room} AND epoch = ${plan.epoch} AND seeded_at IS NULL`;
    return "done";
  });
}

/** Liftings whose facts are not stored, with what they lift: whether these are in the log, only Redis knows. */
async function readPendingLiftings(tx: TransactionSql, room: RoomId): Promise<PendingLifting[]> {
  const rows = await tx<
    { sendKey: string; user_id: UserId; kind: "mute" | "ban"; until: string | null }[]
  >`
    SELECT p.author_id || ':' || p.id AS "sendKey", s.user_id, s.kind,
      (extract(epoch FROM s.until) * 1000)::bigint AS until
    FROM pending_facts p JOIN sanctions s ON s.room_id = p.room_id
      AND s.user_id::text = p.draft->>'user' AND s.lifted_at = (p.draft->>'at')::timestamptz
      AND s.kind = CASE p.draft->>'type' WHEN 'member.unbanned' THEN 'ban' WHEN 'member.unmuted' THEN 'mute' END
    WHERE p.room_id = ${room} AND (s.until IS NULL OR s.until > now())`;
  return rows.map(({ sendKey, user_id: user, kind, until }) => ({
    sendKey,
    field: sanctionField(kind, user),
    until: until === null ? null : Number(until),
  }));
}

/** The field of a sanction in a room's sanctions hash. */
export function sanctionField(kind: "mute" | "ban", user: UserId): string {
  return `${kind}:${user}`;
}

/**
 * The range of the seqs that may have been accepted and were lost from one epoch to a later one, however
 * many losses lie between; null when none could be.
 */
export async function readLostRange(
  { store }: Stores,
  room: RoomId,
  { since, epoch }: { since: number; epoch: number },
): Promise<{ from: number; to: number } | null> {
  const [row] = await store.sql<{ from: number | null; to: number }[]>`
    SELECT min(previous_end) + 1 AS from, max(base) AS to FROM room_epochs
    WHERE room_id = ${room} AND epoch > ${since} AND epoch <= ${epoch} AND base > previous_end`;
  return row === undefined || row.from === null ? null : { from: row.from, to: row.to };
}

/** Where an epoch of a room began. */
export interface Era {
  epoch: number;
  /** The last seq of the epochs before it that still stands. */
  previousEnd: number;
  /** The seqs after `previousEnd` up to here were skipped. */
  base: number;
}

/** All epochs of a room, the oldest first. */
export async function readEras({ store }: Stores, room: RoomId): Promise<Era[]> {
  return store.sql<Era[]>`
    SELECT epoch, previous_end AS "previousEnd", base FROM room_epochs
    WHERE room_id = ${room} ORDER BY epoch`;
}
