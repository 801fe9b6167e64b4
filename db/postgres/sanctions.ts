import { and, desc, eq, gt, inArray, isNull, lt, ne, or } from "drizzle-orm";
import type { TransactionSql } from "postgres";

import type { RoomId, SanctionId, UserId } from "../../protocol/ids.ts";
import type { Sanction } from "../../protocol/shapes.ts";
import type { Store } from "./connection.ts";
import { iso } from "./facts.ts";
import { sanctions } from "./schema.ts";

type SanctionRow = typeof sanctions.$inferSelect;

/** Mutes and bans of people in a room that are in force; who has none is left out. */
export async function sanctionsInForce(
  { db }: Store,
  room: RoomId,
  people: readonly UserId[],
): Promise<Map<UserId, Sanction[]>> {
  const rows = await db
    .select()
    .from(sanctions)
    .where(
      and(
        eq(sanctions.roomId, room),
        inArray(sanctions.userId, [...people]),
        ne(sanctions.kind, "kick"),
        isNull(sanctions.liftedAt),
        or(isNull(sanctions.until), gt(sanctions.until, new Date())),
      ),
    );
  const inForce = new Map<UserId, Sanction[]>();
  for (const row of rows) {
    inForce.set(row.userId, [...(inForce.get(row.userId) ?? []), sanctionOf(row)]);
  }
  return inForce;
}

/** A sanction of a room, or null. */
export async function findSanction(
  { db }: Store,
  room: RoomId,
  id: SanctionId,
): Promise<Sanction | null> {
  const [row] = await db
    .select()
    .from(sanctions)
    .where(and(eq(sanctions.roomId, room), eq(sanctions.id, id)));
  return row === undefined ? null : sanctionOf(row);
}

/** Sanctions of a room, the newest first; keyset paging. */
export async function listSanctions(
  { db }: Store,
  ask: { room: RoomId; before: SanctionId | null; limit: number },
): Promise<Sanction[]> {
  const rows = await db
    .select()
    .from(sanctions)
    .where(
      and(
        eq(sanctions.roomId, ask.room),
        ask.before === null ? undefined : lt(sanctions.id, ask.before),
      ),
    )
    .orderBy(desc(sanctions.id))
    .limit(ask.limit);
  return rows.map(sanctionOf);
}

/**
 * Makes acts about one person's sanctions in a room wait for each other, to the end of the caller's
 * transaction: a lifting that did not see a ban which was just imposed would end it.
 */
export async function lockSanctions(
  tx: TransactionSql,
  { room, user }: { room: RoomId; user: UserId },
): Promise<void> {
  await tx`SELECT pg_advisory_xact_lock(hashtextextended(${`${room} ${user}`}, 1))`;
}

/** A sanction whose time was up. */
export interface Expired {
  id: SanctionId;
  room: RoomId;
  user: UserId;
  kind: "mute" | "ban";
  /** ISO time. */
  until: string;
}

/** Sanctions whose time is up and of which no fact says so, the oldest first. */
export async function expiredSanctions({ sql }: Store, limit: number): Promise<Expired[]> {
  return sql<Expired[]>`
    SELECT id, room_id AS room, user_id AS "user", kind, ${iso(sql, "until")} AS until
    FROM sanctions
    WHERE until <= now() AND lifted_at IS NULL AND kind <> 'kick' AND NOT expiry_noted
    ORDER BY until LIMIT ${limit}`;
}

/** Notes in the caller's transaction that a sanction ran out; false when that was noted, or it was lifted. */
export async function noteExpiry(tx: TransactionSql, id: SanctionId): Promise<boolean> {
  const rows = await tx`
    UPDATE sanctions SET expiry_noted = true
    WHERE id = ${id} AND lifted_at IS NULL AND NOT expiry_noted RETURNING 1`;
  return rows.length > 0;
}

/** Writes a sanction down, in the caller's transaction. */
export async function insertSanction(
  tx: TransactionSql,
  room: RoomId,
  sanction: Sanction,
): Promise<void> {
  const { id, user, kind, reason, by, at, until } = sanction;
  await tx`
    INSERT INTO sanctions (id, room_id, user_id, kind, reason, by_id, at, until)
    VALUES (${id}, ${room}, ${user}, ${kind}, ${reason}, ${by}, ${at}::text::timestamptz,
      ${until ?? null}::text::timestamptz)`;
}

/** Ends a sanction, in the caller's transaction; false when it had ended before. */
export async function endSanction(
  tx: TransactionSql,
  end: { id: SanctionId; by: UserId; at: string; reason: string | null },
): Promise<boolean> {
  const rows = await tx`
    UPDATE sanctions SET lifted_at = ${end.at}::text::timestamptz, lifted_by = ${end.by},
      lift_reason = ${end.reason}
    WHERE id = ${end.id} AND lifted_at IS NULL AND NOT expiry_noted RETURNING 1`;
  return rows.length > 0;
}

/** Until when the longest sanction of a kind in force bars someone (ms); "none" when none does. */
export async function longestInForce(
  tx: TransactionSql,
  ask: { room: RoomId; user: UserId; kind: "mute" | "ban" },
): Promise<number | null | "none"> {
  const [row] = await tx<{ some: boolean; for_good: boolean | null; until: number | null }[]>`
    SELECT count(*) > 0 AS some, bool_or(until IS NULL) AS for_good,
      (extract(epoch FROM max(until)) * 1000)::bigint AS until
    FROM sanctions WHERE room_id = ${ask.room} AND user_id = ${ask.user} AND kind = ${ask.kind}
      AND lifted_at IS NULL AND (until IS NULL OR until > now())`;
  if (row === undefined || !row.some) return "none";
  return row.for_good === true ? null : row.until;
}

/** A sanction row as people see it. */
function sanctionOf(row: SanctionRow): Sanction {
  return {
    id: row.id,
    user: row.userId,
    kind: row.kind,
    reason: row.reason,
    by: row.byId,
    at: row.at.toISOString(),
    ...(row.until === null ? {} : { until: row.until.toISOString() }),
    ...(row.liftedAt === null ? {} : { liftedAt: row.liftedAt.toISOString() }),
  };
}
