import type { TransactionSql } from "postgres";
import { v7 as uuidv7 } from "uuid";

import type { ClientId, RoomId, UserId } from "../../protocol/ids.ts";
import { CaseId } from "../../protocol/ids.ts";
import { CLAIM_SECONDS, EVIDENCE_DAYS } from "../../protocol/limits.ts";
import type { CaseAction, CaseKind, ReportCategory } from "../../protocol/reports.ts";
import { MINUTES_A_POINT, pointsOf, reasonsOf, trustOf, type Urgency } from "../case-priority.ts";
import type { Store } from "./connection.ts";

/** A case that something came of. `isNew`: nobody had to look at it before. */
export interface OpenedCase {
  id: CaseId;
  isNew: boolean;
}

/**
 * Opens a case about a message that stands in the log, in the caller's transaction; an open one stays the
 * one, and is locked. What the message says is kept with it.
 */
export async function openCase(
  tx: TransactionSql,
  what: {
    room: RoomId;
    author: UserId;
    seq: number;
    rule: string | null;
    at: string;
    text: string | null;
  },
): Promise<OpenedCase> {
  const { room, author, seq, rule, at, text } = what;
  const [row] = await tx<{ id: CaseId; isNew: boolean }[]>`
    INSERT INTO cases (id, kind, room_id, author_id, seq, rule, opened_at, due_at)
    VALUES (${uuidv7()}, 'message', ${room}, ${author}, ${seq}, ${rule}, ${at}::text::timestamptz,
      ${at}::text::timestamptz)
    ON CONFLICT (room_id, seq) WHERE seq IS NOT NULL AND resolved_at IS NULL
    DO UPDATE SET rule = coalesce(cases.rule, excluded.rule) RETURNING id, xmax = 0 AS "isNew"`;
  if (row === undefined) throw new Error("Postgres returned no row");
  const opened = { id: CaseId.parse(row.id), isNew: row.isNew };
  if (text !== null) await keepText(tx, opened.id, text, at);
  await weigh(tx, opened.id);
  return opened;
}

/** Keeps what a message says now, unless that is known: an edit after this takes nothing from the case. */
async function keepText(tx: TransactionSql, id: CaseId, text: string, at: string): Promise<void> {
  await tx`
    INSERT INTO case_texts (case_id, at, text)
    SELECT ${id}::uuid, ${at}::text::timestamptz, ${text}
    WHERE NOT EXISTS (SELECT 1 FROM case_texts WHERE case_id = ${id} AND text = ${text})
    ON CONFLICT DO NOTHING`;
}

/** Gives a case its place in the queue, by all that is known of it. */
async function weigh(tx: TransactionSql, id: CaseId): Promise<void> {
  const [urgency] = await tx<Urgency[]>`
    SELECT c.kind, c.rule, r.reporters, r.trust, r.categories
    FROM cases c, LATERAL (${urgencyOf(tx)}) r WHERE c.id = ${id}`;
  if (urgency === undefined) throw new Error("The case is gone");
  const points = pointsOf(reasonsOf(urgency));
  await tx`
    UPDATE cases SET points = ${points},
      due_at = opened_at - ${points * MINUTES_A_POINT} * interval '1 minute'
    WHERE id = ${id}`;
}

/** What the reports of a case `c` amount to. */
export function urgencyOf(sql: Store["sql"] | TransactionSql) {
  return (sql as Store["sql"])`
    SELECT coalesce(sum(n), 0)::int AS reporters, coalesce(sum(trust), 0)::float8 AS trust,
      coalesce(jsonb_object_agg(category, n), '{}') AS categories
    FROM (
      SELECT category, count(*)::int AS n, sum(trust) AS trust FROM case_reports
      WHERE case_id = c.id GROUP BY category) AS by_category`;
}

/** Somebody's word about a message. */
export interface NewReport {
  id: CaseId;
  reporter: UserId;
  isGuest: boolean;
  category: ReportCategory;
  note: string | null;
  at: string;
}

/**
 * Adds a report to a case that the caller's transaction has locked, or replaces what this person said of it
 * before; true when they had not.
 */
export async function addReport(tx: TransactionSql, report: NewReport): Promise<boolean> {
  const { id, reporter, isGuest, category, note, at } = report;
  const [record = { upheld: 0, dismissed: 0 }] = await tx<{ upheld: number; dismissed: number }[]>`
    SELECT count(*) FILTER (WHERE c.action IN ('remove', 'sanction'))::int AS upheld,
      count(*) FILTER (WHERE c.action = 'dismiss')::int AS dismissed
    FROM case_reports r JOIN cases c ON c.id = r.case_id
    WHERE r.reporter_id = ${reporter} AND c.resolved_at IS NOT NULL`;
  const [row] = await tx<{ isNew: boolean }[]>`
    INSERT INTO case_reports (case_id, reporter_id, category, note, at, trust)
    VALUES (${id}, ${reporter}, ${category}, ${note}, ${at}::text::timestamptz,
      ${trustOf({ ...record, isGuest })})
    ON CONFLICT (case_id, reporter_id) DO UPDATE SET category = excluded.category, note = excluded.note
    RETURNING xmax = 0 AS "isNew"`;
  await weigh(tx, id);
  return row?.isNew === true;
}

/** What was said, and is held back. */
export interface Held {
  room: RoomId;
  author: UserId;
  clientId: ClientId;
  text: string;
  replyTo?: number | undefined;
  rule: string;
  at: string;
}

/** Holds a message back until a moderator has looked, in the caller's transaction; null when it is held already. */
export async function holdMessage(tx: TransactionSql, held: Held): Promise<CaseId | null> {
  const { room, author, clientId, text, replyTo, rule, at } = held;
  const [row] = await tx<{ id: string }[]>`
    INSERT INTO cases (id, kind, room_id, author_id, client_id, held, rule, opened_at, due_at)
    VALUES (${uuidv7()}, 'held', ${room}, ${author}, ${clientId},
      ${JSON.stringify({ text, replyTo })}::text::jsonb, ${rule}, ${at}::text::timestamptz,
      ${at}::text::timestamptz)
    ON CONFLICT (room_id, author_id, client_id) WHERE client_id IS NOT NULL DO NOTHING RETURNING id`;
  if (row === undefined) return null;
  const id = CaseId.parse(row.id);
  await weigh(tx, id);
  return id;
}

/**
 * Notes that someone asks to join a room, in the caller's transaction. Null: they have asked before and wait;
 * "refused": moderators have said no in the last day.
 */
export async function openJoin(
  tx: TransactionSql,
  ask: { room: RoomId; user: UserId; line: string | null; at: string },
): Promise<CaseId | null | "refused"> {
  const { room, user, line, at } = ask;
  const [refused] = await tx`
    SELECT 1 FROM cases WHERE room_id = ${room} AND author_id = ${user} AND kind = 'join'
      AND action = 'refuse' AND resolved_at > ${at}::text::timestamptz - interval '1 day'`;
  if (refused !== undefined) return "refused";
  const [row] = await tx<{ id: string }[]>`
    INSERT INTO cases (id, kind, room_id, author_id, held, opened_at, due_at)
    VALUES (${uuidv7()}, 'join', ${room}, ${user},
      ${line === null ? null : JSON.stringify({ text: line })}::text::jsonb, ${at}::text::timestamptz,
      ${at}::text::timestamptz)
    ON CONFLICT (room_id, author_id) WHERE kind = 'join' AND resolved_at IS NULL DO NOTHING RETURNING id`;
  if (row === undefined) return null;
  const id = CaseId.parse(row.id);
  await weigh(tx, id);
  return id;
}

/** Whether someone waits for an answer to their asking to join. */
export async function hasAskedToJoin(
  { sql }: Store,
  ask: { room: RoomId; user: UserId },
): Promise<boolean> {
  const [row] = await sql`
    SELECT 1 FROM cases WHERE room_id = ${ask.room} AND author_id = ${ask.user} AND kind = 'join'
      AND resolved_at IS NULL`;
  return row !== undefined;
}

/** A case that a moderator acts on, locked in their transaction. */
export interface LockedCase {
  id: CaseId;
  kind: CaseKind;
  author: UserId;
  seq: number | null;
  clientId: ClientId | null;
  held: { text: string; replyTo?: number } | null;
  rule: string | null;
  /** Who has claimed it, if that holds, and for how much longer (ms). */
  claimedBy: UserId | null;
  claimedForMs: number;
  isResolved: boolean;
}

/** A case of a room, locked in the caller's transaction; null when there is none. */
export async function lockCase(
  tx: TransactionSql,
  ask: { room: RoomId; id: CaseId; nowMs: number },
): Promise<LockedCase | null> {
  const [row] = await tx<(LockedCase & { claimedAtMs: string | null })[]>`
    SELECT id, kind, author_id AS author, seq, client_id AS "clientId", held, rule,
      claimed_by AS "claimedBy", (extract(epoch FROM claimed_at) * 1000)::bigint AS "claimedAtMs",
      resolved_at IS NOT NULL AS "isResolved"
    FROM cases WHERE id = ${ask.id} AND room_id = ${ask.room} FOR UPDATE`;
  if (row === undefined) return null;
  const { claimedAtMs, ...found } = row;
  const claimedForMs =
    claimedAtMs === null ? 0 : Number(claimedAtMs) + CLAIM_SECONDS * 1_000 - ask.nowMs;
  const stands = claimedForMs > 0;
  return {
    ...found,
    claimedBy: stands ? found.claimedBy : null,
    claimedForMs: stands ? claimedForMs : 0,
  };
}

/** Notes whose a case is, or that it is nobody's, in the transaction that has locked it. */
export async function setClaim(
  tx: TransactionSql,
  claim: { id: CaseId; by: UserId | null; at: string },
): Promise<void> {
  await tx`
    UPDATE cases SET claimed_by = ${claim.by},
      claimed_at = CASE WHEN ${claim.by}::uuid IS NULL THEN NULL ELSE ${claim.at}::text::timestamptz END
    WHERE id = ${claim.id}`;
}

/** Ends a case, in the transaction that has locked it. Answers who reported it. */
export async function closeCase(
  tx: TransactionSql,
  end: { id: CaseId; by: UserId; at: string; action: CaseAction; note: string | null },
): Promise<UserId[]> {
  await tx`
    UPDATE cases SET resolved_at = ${end.at}::text::timestamptz, resolved_by = ${end.by},
      action = ${end.action}, note = ${end.note}
    WHERE id = ${end.id}`;
  const rows = await tx<{ reporter_id: UserId }[]>`
    SELECT reporter_id FROM case_reports WHERE case_id = ${end.id} ORDER BY reporter_id`;
  return rows.map(({ reporter_id: reporter }) => reporter);
}

/** How many cases of a room wait. */
export async function countWaiting({ sql }: Store, room: RoomId): Promise<number> {
  const [row] = await sql<{ waiting: number }[]>`
    SELECT count(*)::int AS waiting FROM cases WHERE room_id = ${room} AND resolved_at IS NULL`;
  return row?.waiting ?? 0;
}

/** Erases what resolved cases say, once that was kept long enough. Answers how many cases it was. */
export async function eraseEvidence(sql: Store["sql"], now: string): Promise<number> {
  return sql.begin(async (tx) => {
    const due = await tx<{ id: string }[]>`
      UPDATE cases SET erased = true, held = held - 'text' WHERE id IN (
        SELECT id FROM cases WHERE NOT erased
          AND resolved_at <= ${now}::text::timestamptz - ${EVIDENCE_DAYS} * interval '1 day'
        LIMIT 100 FOR UPDATE SKIP LOCKED)
      RETURNING id`;
    if (due.length === 0) return 0;
    await tx`DELETE FROM case_texts WHERE case_id = ANY(${due.map(({ id }) => id)}::uuid[])`;
    return due.length;
  });
}
