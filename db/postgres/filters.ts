import { eq } from "drizzle-orm";

import type { RoomId } from "../../protocol/ids.ts";
import type { FilterRule } from "../../protocol/shapes.ts";
import type { Store } from "./connection.ts";
import { changeRoom } from "./rooms.ts";
import { roomFilters } from "./schema.ts";

/** The rules of a room's filter. */
export async function readFilterRules({ db }: Store, room: RoomId): Promise<FilterRule[]> {
  const [row] = await db.select().from(roomFilters).where(eq(roomFilters.roomId, room));
  return row?.rules ?? [];
}

/**
 * Replaces the rules of a room's filter and gives the room's rules a new version. Answers that
 * version. Errors: `not_found`.
 */
export async function writeFilterRules(
  { sql }: Store,
  room: RoomId,
  rules: FilterRule[],
): Promise<number> {
  return sql.begin(async (tx) => {
    const policy = await changeRoom(tx, room, {});
    const json = JSON.stringify(rules);
    await tx`
      INSERT INTO room_filters (room_id, rules) VALUES (${room}, ${json}::text::jsonb)
      ON CONFLICT (room_id) DO UPDATE SET rules = excluded.rules`;
    return policy;
  });
}
