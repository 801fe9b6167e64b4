import type { Sql, TransactionSql } from "postgres";

import type { FactOf } from "../../protocol/facts.ts";
import type { ClientId, RoomId, UserId } from "../../protocol/ids.ts";
import type { Author, Removal, RemovedMessage } from "../../protocol/shapes.ts";
import type { Ranges } from "../seq-ranges.ts";
import { iso } from "./facts.ts";

/** A clean-up that is to be written down. */
export interface NewRemoval {
  /** Of the note that puts its fact into the log. */
  id: ClientId;
  room: RoomId;
  by: Author;
  author: UserId | undefined;
  reason: string;
  at: string;
  count: number;
  targets: Ranges;
  /** ISO time. */
  eraseAt: string;
}

/** Writes a clean-up down, in the transaction that notes its fact. */
export async function insertRemoval(tx: TransactionSql, removal: NewRemoval): Promise<void> {
  const { id, room, by, author, reason, at, count, targets, eraseAt } = removal;
  await tx`
    INSERT INTO removals (id, room_id, by_id, by_name, author_id, reason, at, count, targets, erase_at)
    VALUES (${id}, ${room}, ${by.id}, ${by.name}, ${author ?? null}, ${reason}, ${at}::text::timestamptz,
      ${count}, ${JSON.stringify(targets)}::text::jsonb, ${eraseAt}::text::timestamptz)`;
}

/** Notes where the fact of a clean-up stands. */
export async function noteRemovalSeq(sql: Sql, id: ClientId, seq: number): Promise<void> {
  await sql`UPDATE removals SET seq = ${seq} WHERE id = ${id} AND seq IS NULL`;
}

/** A message that stands, as Postgres knows it. */
export interface StandingMessage {
  seq: number;
  by: UserId;
  at: string;
  text: string;
  editedAt: string | null;
}

/** Which messages: in ranges, of one author or of all, since a time. */
export interface MessageScope {
  room: RoomId;
  ranges: Ranges;
  author?: UserId | undefined;
  since?: string | undefined;
}

/** The newest messages of a scope that stand, ascending, and up to where the snapshot knows the log. */
export async function readStoredStanding(
  sql: Sql,
  { room, ranges, author, since }: MessageScope,
  limit: number,
): Promise<{ storedSeq: number; messages: StandingMessage[] }> {
  return sql.begin("isolation level repeatable read read only", async (tx) => {
    const [mark] = await tx<{ stored_seq: number }[]>`
      SELECT stored_seq FROM rooms WHERE id = ${room}`;
    const rows = await tx<StandingMessage[]>`
      SELECT f.seq, f.by_id AS by, ${iso(sql, "f.at")} AS at, f.text, ${iso(sql, "f.edited_at")} AS "editedAt"
      FROM ${rangeRows(sql, ranges)}
      JOIN facts f ON f.room_id = ${room} AND f.seq BETWEEN r.first AND r.last
      WHERE f.type = 'message.sent' AND f.removed_seq IS NULL AND f.text IS NOT NULL
        ${author === undefined ? sql`` : sql`AND f.by_id = ${author}`}
        ${since === undefined ? sql`` : sql`AND f.at >= ${since}::text::timestamptz`}
      ORDER BY f.seq DESC LIMIT ${limit}`;
    return { storedSeq: mark?.stored_seq ?? 0, messages: rows.toReversed() };
  });
}

function rangeRows(sql: Sql, ranges: Ranges) {
  return sql`unnest(${ranges.map(([first]) => first)}::bigint[],
    ${ranges.map(([, last]) => last)}::bigint[]) AS r (first, last)`;
}

/** Keeps the texts of messages that a clean-up is about to remove; a later reading of them counts. */
export async function keepTexts(
  sql: Sql,
  removal: ClientId,
  messages: readonly StandingMessage[],
): Promise<void> {
  await sql`
    INSERT INTO removed_texts (removal_id, seq, author_id, text, edited_at)
    SELECT ${removal}::uuid, t.seq, t.author, t.text, t.edited_at::timestamptz
    FROM unnest(${messages.map(({ seq }) => seq)}::bigint[], ${messages.map(({ by }) => by)}::uuid[],
      ${messages.map(({ text }) => text)}::text[],
      ${messages.map(({ editedAt }) => editedAt)}::text[]) AS t (seq, author, text, edited_at)
    ON CONFLICT (removal_id, seq) DO UPDATE SET text = excluded.text, edited_at = excluded.edited_at`;
}

/** A text that a clean-up removed, and which fact Postgres says to have removed the message. */
export interface KeptText {
  seq: number;
  text: string;
  editedAt: string | null;
  removedSeq: number | null;
}

/** What a clean-up removed, in order. */
export async function readKeptTexts(
  sql: Sql,
  { room, removal }: { room: RoomId; removal: number },
): Promise<KeptText[]> {
  return sql<KeptText[]>`
    SELECT t.seq, t.text, ${iso(sql, "t.edited_at")} AS "editedAt", f.removed_seq AS "removedSeq"
    FROM removals r JOIN removed_texts t ON t.removal_id = r.id
    LEFT JOIN facts f ON f.room_id = r.room_id AND f.seq = t.seq
    WHERE r.room_id = ${room} AND r.seq = ${removal} ORDER BY t.seq`;
}

/** A page of what a clean-up removed, for those who may look. */
export async function listKeptTexts(
  sql: Sql,
  ask: { room: RoomId; removal: number; after: number; limit: number },
): Promise<RemovedMessage[]> {
  return sql<RemovedMessage[]>`
    SELECT t.seq, t.author_id AS by, t.text
    FROM removals r JOIN removed_texts t ON t.removal_id = r.id
    WHERE r.room_id = ${ask.room} AND r.seq = ${ask.removal} AND t.seq > ${ask.after}
    ORDER BY t.seq LIMIT ${ask.limit}`;
}

interface RemovalRow {
  id: ClientId;
  seq: number;
  by_id: UserId;
  by_name: string;
  author_id: UserId | null;
  reason: string;
  at: string;
  count: number;
  erase_at: string;
  undone_at: string | null;
}

/** Clean-ups of a room whose facts are in the log, the newest first. */
export async function listRemovals(
  sql: Sql,
  ask: { room: RoomId; before: number; limit: number },
): Promise<Removal[]> {
  const rows = await sql<RemovalRow[]>`
    SELECT id, seq, by_id, by_name, author_id, reason, ${iso(sql, "at")} AS at, count,
      ${iso(sql, "erase_at")} AS erase_at, ${iso(sql, "undone_at")} AS undone_at
    FROM removals WHERE room_id = ${ask.room} AND seq < ${ask.before}
    ORDER BY seq DESC LIMIT ${ask.limit}`;
  return rows.map((row) => ({
    seq: row.seq,
    by: { id: row.by_id, name: row.by_name },
    at: row.at,
    reason: row.reason,
    ...(row.author_id === null ? {} : { author: row.author_id }),
    count: row.count,
    undoUntil: row.erase_at,
    ...(row.undone_at === null ? {} : { undoneAt: row.undone_at }),
  }));
}

/** Where a clean-up stands that someone wants to undo. */
export interface UndoableRemoval {
  targets: Ranges;
  undone: boolean;
  erased: boolean;
}

/** The clean-up at a seq, locked in the caller's transaction; null when there is none. */
export async function lockRemoval(
  tx: TransactionSql,
  room: RoomId,
  seq: number,
): Promise<UndoableRemoval | null> {
  const [row] = await tx<UndoableRemoval[]>`
    SELECT targets, undone_at IS NOT NULL AS undone, erased FROM removals
    WHERE room_id = ${room} AND seq = ${seq} FOR UPDATE`;
  return row ?? null;
}

/** Notes that a clean-up is undone, in the caller's transaction. */
export async function markUndone(
  tx: TransactionSql,
  undo: { room: RoomId; seq: number; by: UserId; at: string },
): Promise<void> {
  await tx`
    UPDATE removals SET undone_at = ${undo.at}::text::timestamptz, undone_by = ${undo.by}
    WHERE room_id = ${undo.room} AND seq = ${undo.seq}`;
}

/** What a stored clean-up makes of its messages, in the transaction that stores it. */
export async function writeRemoved(
  tx: TransactionSql,
  room: RoomId,
  { seq, act, targets, author }: FactOf<"messages.removed">,
): Promise<void> {
  // One that was removed before it was stored names itself; what did so must name it now.
  await tx`
    UPDATE facts f SET text = NULL, edited_at = NULL, removed_seq = ${seq}
    FROM unnest(${targets.map(([first]) => first)}::bigint[],
      ${targets.map(([, last]) => last)}::bigint[]) AS r (first, last)
    WHERE f.room_id = ${room} AND f.seq BETWEEN r.first AND r.last AND f.type = 'message.sent'
      AND (f.removed_seq IS NULL OR f.removed_seq = f.seq)
      ${author === undefined ? tx`` : tx`AND f.by_id = ${author}`}`;
  if (act !== undefined) await tx`UPDATE removals SET seq = ${seq} WHERE id = ${act}`;
}

/** What a stored undoing makes of its messages, in the transaction that stores it. */
export async function writeRestored(
  tx: TransactionSql,
  room: RoomId,
  { removal }: FactOf<"messages.restored">,
): Promise<void> {
  await tx`
    UPDATE facts f SET text = t.text, edited_at = t.edited_at, removed_seq = NULL
    FROM removals r JOIN removed_texts t ON t.removal_id = r.id
    WHERE r.room_id = ${room} AND r.seq = ${removal ?? null}
      AND f.room_id = ${room} AND f.seq = t.seq AND f.removed_seq = r.seq`;
  // The text stands with its message again; what an edit or a removal takes from there is gone here, too.
  await tx`
    DELETE FROM removed_texts t USING removals r
    WHERE r.id = t.removal_id AND r.room_id = ${room} AND r.seq = ${removal ?? null}`;
}

/** Erases what clean-ups removed long ago. Answers how many clean-ups it was. */
export async function eraseRemovedTexts(sql: Sql, now: string): Promise<number> {
  return sql.begin(async (tx) => {
    const due = await tx<{ id: string }[]>`
      UPDATE removals SET erased = true WHERE id IN (
        SELECT id FROM removals WHERE NOT erased AND undone_at IS NULL
          AND erase_at <= ${now}::text::timestamptz LIMIT 100 FOR UPDATE SKIP LOCKED)
      RETURNING id`;
    if (due.length === 0) return 0;
    await tx`DELETE FROM removed_texts WHERE removal_id = ANY(${due.map(({ id }) => id)}::uuid[])`;
    return due.length;
  });
}
