import { findRooms, recentMessages, type RoomRow } from "../../db/postgres/rooms.ts";
import { countPresent } from "../../db/redis/presence.ts";
import type { Stores } from "../../db/stores.ts";
import type { RoomId } from "../../protocol/ids.ts";
import type { Room } from "../../protocol/shapes.ts";
import type { Deps } from "./act.ts";
import { raidAt } from "./decide.ts";

/** A room as people see it, with how live it is just now. */
export async function showRoom({ lookups }: Pick<Deps, "lookups">, row: RoomRow): Promise<Room> {
  return roomOf(row, await lookups.live(row.id));
}

/** Rooms as people see them, by id, with how live each is just now; unknown ids are left out. */
export async function showRoomsById(
  { link, store }: Stores,
  ids: readonly RoomId[],
): Promise<Map<RoomId, Room>> {
  const [rows, messages, present] = await Promise.all([
    findRooms(store, ids),
    recentMessages(store, ids),
    countPresent(link, ids),
  ]);
  const here = new Map(ids.map((id, i) => [id, present[i] ?? 0]));
  return new Map(
    rows.map((row) => [
      row.id,
      roomOf(row, { present: here.get(row.id) ?? 0, messagesLast5m: messages.get(row.id) ?? 0 }),
    ]),
  );
}

/** A room row as people see it. */
export function roomOf(row: RoomRow, live: Room["live"]): Room {
  const raid = raidAt(row, Date.now());
  return {
    id: row.id,
    slug: row.slug,
    title: row.title,
    topic: row.topic,
    visibility: row.visibility,
    tags: row.tags,
    locked: row.locked,
    slowModeSeconds: row.slowModeSeconds,
    ...(row.speakers === "everyone" ? {} : { speakers: row.speakers }),
    ...(row.settledSeconds === 0 ? {} : { settledSeconds: row.settledSeconds }),
    ...(row.asking ? { asking: true } : {}),
    ...(raid === null ? {} : { raid }),
    createdAt: row.createdAt.toISOString(),
    archivedAt: row.archivedAt?.toISOString() ?? null,
    live,
    ...(row.direct ? { direct: true } : {}),
  };
}
