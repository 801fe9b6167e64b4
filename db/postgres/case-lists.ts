import type { Sql } from "postgres";

import type { CaseId, RoomId, UserId } from "../../protocol/ids.ts";
import { CLAIM_SECONDS } from "../../protocol/limits.ts";
import type { Case, CaseAction, CaseKind, ReportCategory } from "../../protocol/reports.ts";
import { MINUTES_A_POINT, pointsOf, reasonsOf, type Urgency } from "../case-priority.ts";
import { urgencyOf } from "./cases.ts";
import { iso } from "./facts.ts";

/** Reports that one case shows; it says how many there are. */
const MOST_REPORTS = 50;

/** Which cases. */
export interface CasesAsk {
  /** Null: of all rooms. */
  room: RoomId | null;
  id?: CaseId;
  /** Cases about them are left out: they would see who reported them. Null for platform administrators. */
  notAbout: UserId | null;
  state?: "waiting" | "resolved";
  kind?: CaseKind | undefined;
  category?: ReportCategory | undefined;
  claim?: { state: "mine" | "free"; me: UserId } | undefined;
  /** The place of the last case of the page before. */
  after?: CasePlace | null;
  limit: number;
  /** ISO time. */
  now: string;
}

/** Where a case stands in its list: when it is due, or was resolved. */
export interface CasePlace {
  time: string;
  id: CaseId;
}

/** Cases that wait, the most urgent first; or resolved ones, the newest first. Keyset paging. */
export async function readCases(
  sql: Sql,
  ask: CasesAsk,
): Promise<{ place: CasePlace; item: Case }[]> {
  const { state, after = null } = ask;
  const claimEnds = sql`(c.claimed_at + ${CLAIM_SECONDS} * interval '1 second')`;
  const isClaimed = sql`(c.claimed_at IS NOT NULL AND ${claimEnds} > ${ask.now}::text::timestamptz)`;
  const rows = await sql<CaseRow[]>`
    SELECT c.id, c.room_id, c.kind, c.author_id, a.name AS author_name, c.seq, c.rule,
      ${iso(sql, "c.opened_at")} AS opened_at, ${iso(sql, "c.due_at")} AS due_at,
      CASE WHEN ${isClaimed} THEN c.claimed_by END AS claimed_by, cl.name AS claimed_name,
      to_char(${claimEnds} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS claimed_until,
      ${iso(sql, "c.resolved_at")} AS resolved_at, c.resolved_by, rs.name AS resolved_name, c.action, c.note,
      u.reporters, u.trust, u.categories,
      coalesce((SELECT jsonb_agg(jsonb_build_object('text', t.text, 'at', ${iso(sql, "t.at")}) ORDER BY t.at)
        FROM case_texts t WHERE t.case_id = c.id), '[]')
        || CASE WHEN c.held ? 'text' THEN jsonb_build_array(jsonb_build_object('text', c.held->'text',
          'at', ${iso(sql, "c.opened_at")})) ELSE '[]' END AS texts,
      coalesce((SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
          'by', jsonb_build_object('id', r.reporter_id, 'name', r.name), 'category', r.category,
          'note', r.note, 'at', ${iso(sql, "r.at")})) ORDER BY r.at DESC)
        FROM (SELECT cr.*, ru.name FROM case_reports cr JOIN users ru ON ru.id = cr.reporter_id
          WHERE cr.case_id = c.id ORDER BY cr.at DESC LIMIT ${MOST_REPORTS}) r), '[]') AS reports
    FROM cases c JOIN users a ON a.id = c.author_id
    LEFT JOIN users cl ON cl.id = c.claimed_by
    LEFT JOIN users rs ON rs.id = c.resolved_by
    CROSS JOIN LATERAL (${urgencyOf(sql)}) u
    WHERE true
      ${ask.room === null ? sql`` : sql`AND c.room_id = ${ask.room}`}
      ${ask.id === undefined ? sql`` : sql`AND c.id = ${ask.id}`}
      ${ask.notAbout === null ? sql`` : sql`AND c.author_id <> ${ask.notAbout}`}
      ${state === undefined ? sql`` : state === "waiting" ? sql`AND c.resolved_at IS NULL` : sql`AND c.resolved_at IS NOT NULL`}
      ${ask.kind === undefined ? sql`` : sql`AND c.kind = ${ask.kind}`}
      ${
        ask.category === undefined
          ? sql``
          : sql`AND EXISTS (SELECT 1 FROM case_reports r WHERE r.case_id = c.id AND r.category = ${ask.category})`
      }
      ${
        ask.claim === undefined
          ? sql``
          : ask.claim.state === "mine"
            ? sql`AND ${isClaimed} AND c.claimed_by = ${ask.claim.me}`
            : sql`AND NOT ${isClaimed}`
      }
      ${
        after === null
          ? sql``
          : state === "resolved"
            ? sql`AND (c.resolved_at, c.id) < (${after.time}::text::timestamptz, ${after.id}::uuid)`
            : sql`AND (c.due_at, c.id) > (${after.time}::text::timestamptz, ${after.id}::uuid)`
      }
    ORDER BY ${state === "resolved" ? sql`c.resolved_at DESC, c.id DESC` : sql`c.due_at, c.id`}
    LIMIT ${ask.limit}`;
  return rows.map((row) => ({
    place: { time: (state === "resolved" ? row.resolved_at : null) ?? row.due_at, id: row.id },
    item: caseOf(row, Date.parse(ask.now)),
  }));
}

interface CaseRow extends Urgency {
  id: CaseId;
  room_id: RoomId;
  author_id: UserId;
  author_name: string;
  seq: number | null;
  opened_at: string;
  due_at: string;
  claimed_by: UserId | null;
  claimed_name: string | null;
  claimed_until: string | null;
  resolved_at: string | null;
  resolved_by: UserId | null;
  resolved_name: string | null;
  action: CaseAction | null;
  note: string | null;
  texts: Case["texts"];
  reports: Case["reports"];
}

function caseOf(row: CaseRow, nowMs: number): Case {
  const { claimed_by: claimer, resolved_by: resolver, resolved_at: resolvedAt } = row;
  return {
    id: row.id,
    room: row.room_id,
    kind: row.kind,
    author: { id: row.author_id, name: row.author_name },
    ...(row.seq === null ? {} : { seq: row.seq }),
    texts: row.texts,
    ...(row.rule === null ? {} : { rule: row.rule }),
    reporters: row.reporters,
    categories: row.categories,
    reports: row.reports,
    priority: priorityOf(row, resolvedAt === null ? nowMs : Date.parse(resolvedAt)),
    openedAt: row.opened_at,
    ...(claimer === null || row.claimed_until === null || resolvedAt !== null
      ? {}
      : { claim: { by: { id: claimer, name: row.claimed_name ?? "" }, until: row.claimed_until } }),
    ...(resolver === null || resolvedAt === null || row.action === null
      ? {}
      : {
          resolution: {
            by: { id: resolver, name: row.resolved_name ?? "" },
            at: resolvedAt,
            action: row.action,
            ...(row.note === null ? {} : { note: row.note }),
          },
        }),
  };
}

function priorityOf(row: CaseRow, atMs: number): Case["priority"] {
  const minutes = Math.max(0, Math.floor((atMs - Date.parse(row.opened_at)) / 60_000));
  const waited = Math.floor(minutes / MINUTES_A_POINT);
  const why = reasonsOf(row);
  if (waited > 0) why.push({ what: `waits for ${minutes} minutes`, points: waited });
  return { points: pointsOf(why), why };
}
