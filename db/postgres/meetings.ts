import type { RoomId, UserId } from "../../protocol/ids.ts";
import type { Store } from "./connection.ts";

/** Someone who was there, and what tells it. */
export interface SeenPerson {
  user: UserId;
  messages: number;
  lastAtMs: number;
}

/** So many of the newest messages are looked at: who was away for months need not wait for all of it. */
const MOST_LOOKED_AT = 2_000;

/**
 * Who spoke in a room after a position, the latest first; without the reader, people who do not want to
 * be shown, and those of whom one blocks the other.
 */
export async function readSpeakersAfter(
  { sql }: Store,
  ask: { room: RoomId; reader: UserId; after: number; limit: number },
): Promise<SeenPerson[]> {
  const { room, reader, after, limit } = ask;
  const rows = await sql<{ by_id: UserId; messages: number; last_ms: number }[]>`
    SELECT by_id, count(*)::int AS messages,
      max((extract(epoch FROM at) * 1000)::bigint) AS last_ms
    FROM (
      SELECT by_id, at, seq FROM facts WHERE room_id = ${room} AND type = 'message.sent'
      ORDER BY n DESC LIMIT ${MOST_LOOKED_AT}) AS newest
    WHERE seq > ${after} AND ${isShownTo(sql, reader)}
    GROUP BY by_id ORDER BY last_ms DESC, by_id LIMIT ${limit}`;
  return rows.map(({ by_id: user, messages, last_ms: lastAtMs }) => ({
    user,
    messages,
    lastAtMs,
  }));
}

/** Someone who keeps being there when the reader speaks. */
export interface MetPerson {
  user: UserId;
  /** On how many days, and in how many rooms. */
  days: number;
  rooms: number;
  lastAtMs: number;
}

/** How many of the reader's latest messages are looked at, and how many messages around each. */
const MOST_OF_MINE = 300;
const AROUND = 10;

/**
 * Who spoke next to the reader on at least two days of the last thirty, those met most often first;
 * without people who do not want to be shown, and those of whom one blocks the other. Only rooms that
 * the reader may still read are looked at.
 */
export async function readMeetings(
  { sql }: Store,
  { reader, limit }: { reader: UserId; limit: number },
): Promise<MetPerson[]> {
  const rows = await sql<{ by_id: UserId; days: number; rooms: number; last_ms: number }[]>`
    WITH mine AS (
      SELECT f.room_id, f.n FROM facts f JOIN rooms r ON r.id = f.room_id
      WHERE f.by_id = ${reader} AND f.type = 'message.sent' AND f.at > now() - interval '30 days'
        AND (r.visibility <> 'private' OR EXISTS (
          SELECT 1 FROM members m WHERE m.room_id = r.id AND m.user_id = ${reader}))
        AND NOT r.direct
      ORDER BY f.at DESC LIMIT ${MOST_OF_MINE}
    )
    SELECT by_id, count(DISTINCT at::date)::int AS days, count(DISTINCT room_id)::int AS rooms,
      max((extract(epoch FROM at) * 1000)::bigint) AS last_ms
    FROM mine JOIN LATERAL (
      SELECT o.by_id, o.at FROM facts o
      WHERE o.room_id = mine.room_id AND o.type = 'message.sent'
        AND o.n BETWEEN mine.n - ${AROUND} AND mine.n + ${AROUND}) AS near ON true
    WHERE ${isShownTo(sql, reader)}
    GROUP BY by_id HAVING count(DISTINCT at::date) > 1
    ORDER BY days DESC, last_ms DESC, by_id LIMIT ${limit}`;
  return rows.map(({ by_id: user, days, rooms, last_ms: lastAtMs }) => ({
    user,
    days,
    rooms,
    lastAtMs,
  }));
}

/** Whether the author of a row may be shown to someone as a person they met. */
function isShownTo(sql: Store["sql"], reader: UserId) {
  return sql`(by_id <> ${reader}
    AND EXISTS (SELECT 1 FROM users u WHERE u.id = by_id AND u.meetings)
    AND NOT EXISTS (SELECT 1 FROM blocks b
      WHERE (b.user_id = ${reader} AND b.blocked_id = by_id)
        OR (b.user_id = by_id AND b.blocked_id = ${reader})))`;
}
