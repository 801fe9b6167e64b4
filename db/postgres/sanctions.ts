import { and, desc, eq, gt, isNull, lt, ne, or } from "drizzle-orm";

import type { RoomId, SanctionId, UserId } from "../../protocol/ids.ts";
import type { Sanction } from "../../protocol/shapes.ts";
import type { Store } from "./connection.ts";
import { sanctions } from "./schema.ts";

type SanctionRow = typeof sanctions.$inferSelect;

/** Mutes and bans of someone in a room that are in force. */
export async function sanctionsInForce(
  { db }: Store,
  room: RoomId,
  user: UserId,
): Promise<Sanction[]> {
  const rows = await db
    .select()
    .from(sanctions)
    .where(
      and(
        eq(sanctions.roomId, room),
        eq(sanctions.userId, user),
        ne(sanctions.kind, "kick"),
        isNull(sanctions.liftedAt),
        or(isNull(sanctions.until), gt(sanctions.until, new Date())),
      ),
    );
  return rows.map(sanctionOf);
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

/** A sanction row as people see it. */
export function sanctionOf(row: SanctionRow): Sanction {
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
