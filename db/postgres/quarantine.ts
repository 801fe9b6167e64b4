import type { Sql, TransactionSql } from "postgres";

import type { RoomId, UserId } from "../../protocol/ids.ts";
import { iso } from "./facts.ts";

/** An entry that was put aside. */
export interface Quarantined {
  room: RoomId;
  seq: number;
}

const MOST_AT_ONCE = 100;

/** Entries whose tombstone is committed here, and perhaps not in the hot log yet. */
export async function readNotRewritten(sql: Sql): Promise<Quarantined[]> {
  return sql<Quarantined[]>`
    SELECT room_id AS room, seq FROM quarantine WHERE rewritten_at IS NULL LIMIT ${MOST_AT_ONCE}`;
}

/** Notes that the hot log has the tombstone of an entry, or has trimmed it. */
export async function noteRewritten(sql: Sql, { room, seq }: Quarantined): Promise<void> {
  await sql`
    UPDATE quarantine SET rewritten_at = now() WHERE room_id = ${room} AND seq = ${seq}`;
}

/** An entry that Postgres refused, where it stands, and why it was refused. */
export interface QuarantinedEntry extends Quarantined {
  slug: string;
  /** Messages in the room up to it. */
  n: number;
  /** As it stood in the hot log. */
  entry: Buffer;
  sqlstate: string;
  reason: string;
  at: string;
}

/** What is in quarantine, the oldest first. */
export async function listQuarantined(sql: Sql): Promise<QuarantinedEntry[]> {
  return sql<QuarantinedEntry[]>`
    SELECT q.room_id AS room, r.slug, q.seq, q.n, q.entry, q.sqlstate, q.reason, ${iso(sql, "q.at")} AS at
    FROM quarantine q JOIN rooms r ON r.id = q.room_id ORDER BY q.at, q.room_id, q.seq`;
}

/** One entry in quarantine, by the room's id or slug. */
export async function findQuarantined(
  sql: Sql,
  ref: string,
  seq: number,
): Promise<QuarantinedEntry | null> {
  const [row] = await sql<QuarantinedEntry[]>`
    SELECT q.room_id AS room, r.slug, q.seq, q.n, q.entry, q.sqlstate, q.reason, ${iso(sql, "q.at")} AS at
    FROM quarantine q JOIN rooms r ON r.id = q.room_id
    WHERE (r.id::text = ${ref} OR r.slug = ${ref}) AND q.seq = ${seq}`;
  return row ?? null;
}

/**
 * Takes an entry out of quarantine, and its tombstone out of the log, with the room locked against those
 * who store. Answers false when it is not there any more, or the message was changed since: then its
 * first text may not come back (G19).
 */
export async function takeOutOfQuarantine(
  tx: TransactionSql,
  { room, seq, tombstoneBy }: { room: RoomId; seq: number; tombstoneBy: UserId },
): Promise<boolean> {
  await tx`UPDATE rooms SET recount_seq = stored_seq + 1 WHERE id = ${room}`;
  const changes = await tx`
    SELECT 1 FROM facts WHERE room_id = ${room} AND target = ${seq} AND seq > ${seq}
      AND type IN ('message.edited', 'message.removed') LIMIT 1`;
  if (changes.length > 0) return false;
  const gone =
    await tx`DELETE FROM quarantine WHERE room_id = ${room} AND seq = ${seq} RETURNING 1`;
  if (gone.length === 0) return false;
  await tx`
    DELETE FROM facts WHERE room_id = ${room} AND seq = ${seq} AND type = 'message.removed'
      AND by_id = ${tombstoneBy}`;
  return true;
}
