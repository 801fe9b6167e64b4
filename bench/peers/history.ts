import type { Redis } from "ioredis";
import type { Sql } from "postgres";

import type { PeerMessage } from "./message.ts";

/** As many as one reply holds. */
const PAGE = 200;

/** The stream of a room, where history is kept in Redis. */
export function streamOf(room: string): string {
  return `chat:log:${room}`;
}

/** What a room's stream holds after an entry. */
export async function readStream(
  redis: Redis,
  room: string,
  since: string,
): Promise<PeerMessage[]> {
  const entries = await redis.xrange(streamOf(room), `(${since}`, "+", "COUNT", PAGE);
  return entries.map(([, fields]) => JSON.parse(fields[1] ?? "") as PeerMessage);
}

/** What a room's rows hold after a seq. */
export async function readRows(sql: Sql, room: string, since: string): Promise<PeerMessage[]> {
  const rows = await sql<{ message: PeerMessage }[]>`
    SELECT message FROM messages WHERE room = ${room} AND seq > ${since}
    ORDER BY seq LIMIT ${PAGE}`;
  return rows.map(({ message }) => message);
}
