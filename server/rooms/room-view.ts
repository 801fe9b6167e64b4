import type { RoomRow } from "../../db/postgres/rooms.ts";
import type { Room } from "../../protocol/shapes.ts";
import type { Deps } from "./act.ts";

/** A room as people see it, with how live it is just now. */
export async function showRoom({ lookups }: Pick<Deps, "lookups">, row: RoomRow): Promise<Room> {
  return roomOf(row, await lookups.live(row.id));
}

/** A room row as people see it. */
export function roomOf(row: RoomRow, live: Room["live"]): Room {
  return {
    id: row.id,
    slug: row.slug,
    title: row.title,
    topic: row.topic,
    visibility: row.visibility,
    tags: row.tags,
    locked: row.locked,
    slowModeSeconds: row.slowModeSeconds,
    createdAt: row.createdAt.toISOString(),
    archivedAt: row.archivedAt?.toISOString() ?? null,
    live,
  };
}
