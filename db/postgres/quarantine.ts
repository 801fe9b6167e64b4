import type { Sql } from "postgres";

import type { RoomId } from "../../protocol/ids.ts";

/** An entry that was put aside. */
export interface Quarantined {
  room: RoomId;
  seq: number;
}

const MOST_AT_ONCE = 100;

/** Entries whose tombstone is committed here, and perhaps not in the hot log yet. */
export async function readNotRewritten(sql: Sql): Promise<Quarantined[]> {
  return sql<Quarantined[]>`
    SELECT room_id AS room, seq FROM quarantine WHERE rewritten_at IS NULL LIMIT ${MOST_AT_ONCE}`;
}

/** Notes that the hot log has the tombstone of an entry, or has trimmed it. */
export async function noteRewritten(sql: Sql, { room, seq }: Quarantined): Promise<void> {
  await sql`
    UPDATE quarantine SET rewritten_at = now() WHERE room_id = ${room} AND seq = ${seq}`;
}
