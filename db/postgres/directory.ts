import { and, desc, eq, isNull, lt, or, sql as raw } from "drizzle-orm";

import type { RoomId, UserId } from "../../protocol/ids.ts";
import type { Store } from "./connection.ts";
import type { RoomRow } from "./rooms.ts";
import { members, rooms } from "./schema.ts";

/** A room in a list, with what it is sorted by. */
export type ListedRoom = RoomRow & { messagesLast5m: number; warmth: number };

/**
 * Rooms, the warmest or the newest first; keyset paging.
 *
 * Warmth (in thousandths) grows with the people there, with the messages of the last five minutes, and
 * with how these compare to the quarter of an hour before. Logarithms, so that one huge room does not
 * drown all others, and a room with one who speaks stands above one where nobody does.
 */
export async function listRooms(
  { db }: Store,
  ask: {
    sort: "live" | "new";
    /** Only rooms that this person is in, whatever their visibility; null for public rooms. */
    memberOnly: UserId | null;
    q?: string | undefined;
    tag?: string | undefined;
    /** Where people are, and how many. */
    peopled: readonly { room: RoomId; present: number }[];
    after: { warmth: number; id: RoomId } | null;
    limit: number;
  },
): Promise<ListedRoom[]> {
  const ids = ask.peopled.map(({ room }) => room);
  const counts = ask.peopled.map(({ present }) => present);
  const here = raw`unnest(${arrayOf(ids)}::uuid[], ${arrayOf(counts)}::int[]) AS here (room_id, present)`;
  const said = raw`(
    SELECT room_id,
      coalesce(sum(messages) FILTER (WHERE minute > now() - interval '5 minutes'), 0)::int AS latest,
      coalesce(sum(messages) FILTER (WHERE minute <= now() - interval '5 minutes'), 0) / 3.0 AS before
    FROM room_minutes WHERE minute > now() - interval '20 minutes' GROUP BY room_id) AS said`;
  const messages = raw<number>`coalesce(said.latest, 0)`;
  const warmth = raw<number>`round(1000 * (
    3 * ln(1 + coalesce(here.present, 0)) + 2 * ln(1 + ${messages})
    + ln((1 + ${messages}) / (1 + coalesce(said.before, 0)))))::int`;
  const after = ask.after;
  const rows = await db
    .select({ room: rooms, messages, warmth })
    .from(rooms)
    .leftJoin(said, raw`said.room_id = ${rooms.id}`)
    .leftJoin(here, raw`here.room_id = ${rooms.id}`)
    .where(
      and(
        ask.memberOnly === null
          ? eq(rooms.visibility, "public")
          : raw`${rooms.id} IN (
              SELECT ${members.roomId} FROM ${members} WHERE ${members.userId} = ${ask.memberOnly})`,
        eq(rooms.direct, false),
        isNull(rooms.archivedAt),
        matches(ask.q),
        ask.tag === undefined ? undefined : raw`${rooms.tags} @> ARRAY[${ask.tag}]::text[]`,
        after === null
          ? undefined
          : ask.sort === "new"
            ? lt(rooms.id, after.id)
            : or(lt(warmth, after.warmth), and(eq(warmth, after.warmth), lt(rooms.id, after.id))),
      ),
    )
    // Ids are UUIDv7: the newest room has the highest.
    .orderBy(...(ask.sort === "new" ? [desc(rooms.id)] : [desc(warmth), desc(rooms.id)]))
    .limit(ask.limit);
  return rows.map(({ room, messages: latest, warmth: degrees }) => ({
    ...room,
    messagesLast5m: latest,
    warmth: degrees,
  }));
}

/** Rooms whose title or topic holds these words, as they stand. */
function matches(q: string | undefined) {
  if (q === undefined || q.trim() === "") return undefined;
  return raw`(${rooms.title} || ' ' || ${rooms.topic}) ILIKE ${`%${likeLiteral(q)}%`}`;
}

function likeLiteral(text: string): string {
  return text.replaceAll(/[\\%_]/gu, String.raw`\$&`);
}

/** An array of ids or numbers as Postgres writes it: drizzle would make each a parameter of its own. */
function arrayOf(values: readonly (string | number)[]): string {
  return `{${values.join(",")}}`;
}

/** Tags of public rooms, the most used first. */
export async function listTags(
  { sql }: Store,
  limit: number,
): Promise<{ tag: string; rooms: number }[]> {
  return sql<{ tag: string; rooms: number }[]>`
    SELECT tag, count(*)::int AS rooms FROM rooms, unnest(tags) AS tag
    WHERE visibility = 'public' AND archived_at IS NULL
    GROUP BY tag ORDER BY count(*) DESC, tag LIMIT ${limit}`;
}

/** What was said in a room of late. */
export interface RecentTalk {
  /** Messages of the last five minutes, and in each five of the fifteen before. */
  latest: number;
  before: number;
  lastAtMs: number | null;
  /** Who spoke in the last quarter of an hour, the most talkative first. */
  speakers: { user: UserId; messages: number }[];
}

/** So many of the newest messages tell who speaks: the busiest room need not be counted out. */
const MOST_LOOKED_AT = 500;

/** What was said in a room of late, as far as it is stored; without people whom the reader blocks. */
export async function readRecentTalk(
  { sql }: Store,
  ask: { room: RoomId; reader: UserId; speakers: number },
): Promise<RecentTalk> {
  const { room, reader } = ask;
  const [[pace], newest] = await Promise.all([
    sql<{ latest: number; before: number }[]>`
      SELECT
        coalesce(sum(messages) FILTER (WHERE minute > now() - interval '5 minutes'), 0)::int AS latest,
        (coalesce(sum(messages) FILTER (WHERE minute <= now() - interval '5 minutes'), 0) / 3.0)::float
          AS before
      FROM room_minutes WHERE room_id = ${room} AND minute > now() - interval '20 minutes'`,
    sql<{ by_id: UserId; messages: number; last_ms: number }[]>`
      SELECT by_id, count(*) FILTER (WHERE at > now() - interval '15 minutes')::int AS messages,
        max((extract(epoch FROM at) * 1000)::bigint) AS last_ms
      FROM (
        SELECT by_id, at FROM facts
        WHERE room_id = ${room} AND type = 'message.sent' AND removed_seq IS NULL
        ORDER BY n DESC LIMIT ${MOST_LOOKED_AT}) AS newest
      WHERE by_id NOT IN (SELECT blocked_id FROM blocks WHERE user_id = ${reader})
      GROUP BY by_id ORDER BY messages DESC, last_ms DESC`,
  ]);
  return {
    latest: pace?.latest ?? 0,
    before: pace?.before ?? 0,
    lastAtMs: newest.length === 0 ? null : Math.max(...newest.map((row) => row.last_ms)),
    speakers: newest
      .filter(({ messages }) => messages > 0)
      .slice(0, ask.speakers)
      .map(({ by_id: user, messages }) => ({ user, messages })),
  };
}
