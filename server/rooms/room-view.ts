import { messagesLast5m, type RoomRow } from "../../db/postgres/rooms.ts";
import { findUsers } from "../../db/postgres/users.ts";
import { countPresent, readPresent } from "../../db/redis/presence.ts";
import type { RoomId } from "../../protocol/ids.ts";
import { MAX_PRESENCE_SAMPLE } from "../../protocol/limits.ts";
import type { Presence, Room } from "../../protocol/shapes.ts";
import type { Deps } from "./act.ts";

/** A room as people see it, with how live it is just now. */
export async function showRoom({ stores }: Deps, row: RoomRow): Promise<Room> {
  const [[present = 0], messages] = await Promise.all([
    countPresent(stores.link, [row.id]),
    messagesLast5m(stores.store, row.id),
  ]);
  return roomOf(row, { present, messagesLast5m: messages });
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

/** Who is in a room: the count, and a sample of faces. */
export async function showPresence({ stores }: Deps, room: RoomId): Promise<Presence> {
  const { count, users } = await readPresent(stores.link, room, MAX_PRESENCE_SAMPLE);
  return { count, users: await findUsers(stores.store, users) };
}
