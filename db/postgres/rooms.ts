import { eq, inArray } from "drizzle-orm";
import type { TransactionSql } from "postgres";
import { v7 as uuidv7 } from "uuid";

import { Refusal } from "../../protocol/errors.ts";
import { looksLikeId, RoomId, type RoomRef, type UserId } from "../../protocol/ids.ts";
import type { Raid, RoomChanges, Visibility } from "../../protocol/shapes.ts";
import type { Store } from "./connection.ts";
import { members, rooms } from "./schema.ts";

export type RoomRow = typeof rooms.$inferSelect;

/** Opens a room and makes its founder the owner. Errors: `conflict` when the slug is taken. */
export async function createRoom(
  { db }: Store,
  room: {
    title: string;
    slug?: string | undefined;
    topic?: string | undefined;
    visibility: Visibility;
    by: UserId;
    importing?: boolean;
  },
): Promise<RoomRow> {
  const id = RoomId.parse(uuidv7());
  const slug = room.slug ?? `${slugFor(room.title)}-${id.slice(-6)}`;
  return db.transaction(async (tx) => {
    const [row] = await tx
      .insert(rooms)
      .values({
        id,
        slug,
        title: room.title,
        topic: room.topic ?? "",
        visibility: room.visibility,
        createdBy: room.by,
        importing: room.importing ?? false,
      })
      .onConflictDoNothing({ target: rooms.slug })
      .returning();
    if (row === undefined) throw new Refusal("conflict", `The slug ${slug} is taken.`);
    await tx.insert(members).values({ roomId: id, userId: room.by, role: "owner" });
    return row;
  });
}

function slugFor(title: string): string {
  const slug = title
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/gu, "-")
    .replaceAll(/^-+|-+$/gu, "")
    .slice(0, 40);
  return slug === "" ? "room" : slug;
}

/** A room by id or slug, or null. */
export async function findRoom({ db }: Store, ref: RoomRef | RoomId): Promise<RoomRow | null> {
  const [row] = await db
    .select()
    .from(rooms)
    .where(looksLikeId(ref) ? eq(rooms.id, ref) : eq(rooms.slug, ref));
  return row ?? null;
}

/** Rooms by id; unknown ids are left out. */
export async function findRooms({ db }: Store, ids: readonly RoomId[]): Promise<RoomRow[]> {
  return ids.length === 0
    ? []
    : db
        .select()
        .from(rooms)
        .where(inArray(rooms.id, [...ids]));
}

/**
 * Changes a room and gives its rules a new version, in the caller's transaction. Answers that
 * version, and what the room was before. Errors: `not_found`.
 */
export async function changeRoom(
  tx: TransactionSql,
  id: RoomId,
  changes: RoomChanges & { archivedAt?: string | undefined },
): Promise<{ policy: number; before: RoomBefore }> {
  const { title, topic, tags, visibility, locked, slowModeSeconds, archivedAt } = changes;
  const { speakers, settledSeconds, asking } = changes;
  const [before] = await tx<RoomBefore[]>`
    SELECT title, topic, tags, visibility, locked, slow_mode_seconds AS "slowModeSeconds",
      speakers, settled_seconds AS "settledSeconds", asking, archived_at AS "archivedAt"
    FROM rooms WHERE id = ${id} FOR UPDATE`;
  const [row] = await tx<{ policy: number }[]>`
    UPDATE rooms SET
      title = coalesce(${title ?? null}, title),
      topic = coalesce(${topic ?? null}, topic),
      tags = coalesce(${tags ?? null}::text[], tags),
      visibility = coalesce(${visibility ?? null}, visibility),
      locked = coalesce(${locked ?? null}, locked),
      slow_mode_seconds = coalesce(${slowModeSeconds ?? null}, slow_mode_seconds),
      speakers = coalesce(${speakers ?? null}, speakers),
      settled_seconds = coalesce(${settledSeconds ?? null}, settled_seconds),
      asking = coalesce(${asking ?? null}, asking),
      archived_at = coalesce(${archivedAt ?? null}::text::timestamptz, archived_at),
      policy = policy + 1
    WHERE id = ${id} RETURNING policy`;
  if (row === undefined || before === undefined) {
    throw new Refusal("not_found", "There is no such room.");
  }
  return { policy: row.policy, before };
}

/** What a change of a room may change, as it was before. */
type RoomBefore = Required<RoomChanges> & { archivedAt: Date | null };

/** Messages of a room in the last five minutes. */
export async function messagesLast5m({ sql }: Store, room: RoomId): Promise<number> {
  const [row] = await sql<{ messages: number }[]>`
    SELECT coalesce(sum(messages), 0)::int AS messages FROM room_minutes
    WHERE room_id = ${room} AND minute > now() - interval '5 minutes'`;
  return row?.messages ?? 0;
}

/** Messages of rooms in the last five minutes; rooms without any are left out. */
export async function recentMessages(
  { sql }: Store,
  ids: readonly RoomId[],
): Promise<Map<RoomId, number>> {
  if (ids.length === 0) return new Map();
  const rows = await sql<{ room_id: RoomId; messages: number }[]>`
    SELECT room_id, sum(messages)::int AS messages FROM room_minutes
    WHERE room_id = ANY(${[...ids]}::uuid[]) AND minute > now() - interval '5 minutes'
    GROUP BY room_id`;
  return new Map(rows.map(({ room_id: room, messages }) => [room, messages]));
}

/**
 * Begins or ends a room's raid mode and gives its rules a new version, in the caller's transaction. Answers
 * that version, and what it was before. Errors: `not_found`.
 */
export async function setRaid(
  tx: TransactionSql,
  id: RoomId,
  raid: Raid | null,
): Promise<{ policy: number; before: Raid | null }> {
  const [before] = await tx<{ raid: Raid | null }[]>`
    SELECT raid FROM rooms WHERE id = ${id} FOR UPDATE`;
  const [row] = await tx<{ policy: number }[]>`
    UPDATE rooms SET raid = ${raid === null ? null : JSON.stringify(raid)}::text::jsonb, policy = policy + 1
    WHERE id = ${id} RETURNING policy`;
  if (row === undefined || before === undefined) {
    throw new Refusal("not_found", "There is no such room.");
  }
  return { policy: row.policy, before: before.raid };
}
