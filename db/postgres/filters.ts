import { eq } from "drizzle-orm";
import type { TransactionSql } from "postgres";

import type { RoomId } from "../../protocol/ids.ts";
import type { FilterHits, FilterRule } from "../../protocol/shapes.ts";
import type { Store } from "./connection.ts";
import { iso } from "./facts.ts";
import { changeRoom } from "./rooms.ts";
import { roomFilters } from "./schema.ts";

/** The rules of a room's filter. */
export async function readFilterRules({ db }: Store, room: RoomId): Promise<FilterRule[]> {
  const [row] = await db.select().from(roomFilters).where(eq(roomFilters.roomId, room));
  return row?.rules ?? [];
}

/**
 * Replaces the rules of a room's filter and gives the room's rules a new version, in the caller's
 * transaction. Answers that version, and the rules before. Errors: `not_found`.
 */
export async function writeFilterRules(
  tx: TransactionSql,
  room: RoomId,
  rules: FilterRule[],
): Promise<{ policy: number; before: FilterRule[] }> {
  const { policy } = await changeRoom(tx, room, {});
  const [row] = await tx<{ rules: FilterRule[] }[]>`
    SELECT rules FROM room_filters WHERE room_id = ${room}`;
  const json = JSON.stringify(rules);
  await tx`
    INSERT INTO room_filters (room_id, rules) VALUES (${room}, ${json}::text::jsonb)
    ON CONFLICT (room_id) DO UPDATE SET rules = excluded.rules`;
  return { policy, before: row?.rules ?? [] };
}

/** How often a rule was met in some time. */
export interface RuleHits {
  rule: string;
  shadow: boolean;
  hits: number;
  /** ISO time of the last. */
  lastAt: string;
}

/** Adds to how often rules were met, in the caller's transaction. */
export async function addFilterHits(
  tx: TransactionSql,
  room: RoomId,
  hits: readonly RuleHits[],
): Promise<void> {
  await tx`
    INSERT INTO filter_hits (room_id, rule, shadow, hits, last_at)
    SELECT ${room}::uuid, h.rule, h.shadow::boolean, h.hits, h.last_at::timestamptz
    FROM unnest(${hits.map(({ rule }) => rule)}::text[], ${hits.map(({ shadow }) => String(shadow))}::text[],
      ${hits.map((one) => one.hits)}::bigint[], ${hits.map(({ lastAt }) => lastAt)}::text[])
      AS h (rule, shadow, hits, last_at)
    ON CONFLICT (room_id, rule, shadow) DO UPDATE SET
      hits = filter_hits.hits + excluded.hits, last_at = greatest(filter_hits.last_at, excluded.last_at)`;
}

/** How often each rule of a room was met. */
export async function readFilterHits({ sql }: Store, room: RoomId): Promise<FilterHits[]> {
  return sql<FilterHits[]>`
    SELECT rule, shadow, hits, ${iso(sql, "last_at")} AS "lastAt" FROM filter_hits
    WHERE room_id = ${room} ORDER BY rule, shadow`;
}
