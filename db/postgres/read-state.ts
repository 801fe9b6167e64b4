import type { Sql } from "postgres";

import type { RoomId, UserId } from "../../protocol/ids.ts";
import type { ReadRanges, ReadState, UnreadRoom } from "../../protocol/shapes.ts";
import type { Store } from "./connection.ts";

/**
 * What someone has read of a room is everything up to their marker, and ranges above it
 * (docs/adr/0020-read-ranges.md). Both are changed in one statement, under the lock of the member's row: two
 * devices that read at once lose nothing of each other.
 */
export interface ReadChange {
  room: RoomId;
  user: UserId;
  /** Both ends included; the last of them may be Infinity. */
  ranges: readonly (readonly [from: number, to: number])[];
  /** Read them, or take them for unread again. */
  as: "read" | "unread";
}

/** Ranges above the marker that are kept. Who reads here and there all over a room keeps the longest. */
const MOST_RANGES = 200;

/**
 * Changes what a member has read. Answers what that changed. A range begins right after the message before
 * it, so that what was read in pieces becomes one range, whatever facts lie between.
 */
export async function changeRead({ sql }: Store, change: ReadChange): Promise<ReadRanges> {
  const { room, user, as } = change;
  const froms = change.ranges.map(([from]) => from);
  const tos = change.ranges.map(([, to]) => (to === Infinity ? null : to));
  const isRead = as === "read";
  // Only what is stored is known to have no message that nobody sees here.
  const from = isRead
    ? sql`coalesce((
        SELECT p.seq + 1 FROM facts p WHERE p.room_id = ${room} AND p.type = 'message.sent'
          AND r.first <= (SELECT stored_seq FROM rooms WHERE id = ${room})
          AND p.n = (SELECT b.n FROM facts b WHERE b.room_id = ${room} AND b.seq < r.first
            ORDER BY b.seq DESC LIMIT 1)), r.first)`
    : sql`r.first`;
  const rows = await sql<{ changed: ReadRanges | null }[]>`
    WITH delta AS (
      SELECT range_agg(int8range(${from}, r.last + 1)) AS ranges
      FROM unnest(${froms}::bigint[], ${tos}::bigint[]) AS r (first, last)
    ), before AS (
      SELECT int8multirange(int8range(0, last_read_seq + 1)) + read_ranges AS ranges
      FROM members WHERE room_id = ${room} AND user_id = ${user} FOR UPDATE
    ), after AS (
      SELECT before.ranges AS before, ${
        isRead ? sql`before.ranges + delta.ranges` : sql`before.ranges - delta.ranges`
      } AS ranges, delta.ranges AS delta
      FROM before, delta
    ), kept AS (
      SELECT range_agg(k.range) AS ranges FROM (
        SELECT range FROM after, unnest(after.ranges) AS range
        ORDER BY lower(range) = 0 DESC, range && after.delta DESC, upper(range) - lower(range) DESC
        LIMIT ${MOST_RANGES + 1}) k
    ), done AS (
      UPDATE members SET last_read_seq = upper(head.range) - 1,
        read_ranges = kept.ranges - int8multirange(head.range), read_revision = read_revision + 1,
        counted_seq = NULL
      FROM kept, LATERAL (SELECT range FROM unnest(kept.ranges) AS range LIMIT 1) head, after
      WHERE room_id = ${room} AND user_id = ${user} AND after.before <> kept.ranges
    )
    SELECT ${rangesJson(
      sql,
      isRead ? sql`after.ranges - after.before` : sql`after.before - after.ranges`,
    )} AS changed
    FROM after`;
  return rows[0]?.changed ?? [];
}

/** Ranges as JSON, both ends included; null when there are none. */
function rangesJson(sql: Sql, ranges: ReturnType<Sql>) {
  return sql`(SELECT json_agg(json_build_array(greatest(lower(range), 1), upper(range) - 1) ORDER BY lower(range))
    FROM unnest(${ranges}) AS range WHERE upper(range) > 1)`;
}

/** What someone has read of a room and what is left of what is stored, as of one snapshot. */
export interface StoredReadState extends ReadState {
  user: UserId;
  /** Whose messages do not count: their own, and those of people whom they block. */
  hidden: UserId[];
  /** Up to where the snapshot knows the log. */
  storedSeq: number;
}

/** What someone has read of a room, and the count that was kept: what came after `since` is to be added. */
export interface ReadBase
  extends Pick<StoredReadState, "user" | "hidden" | "storedSeq">, ReadState {
  since: number;
}

/** What people have read of a room, without looking at any message: where no count was kept, none is told. */
export async function readBases(
  sql: Sql,
  room: RoomId,
  people: readonly UserId[],
): Promise<ReadBase[]> {
  const rows = await sql<(Omit<ReadBase, "readRanges"> & { readRanges: ReadRanges | null })[]>`
    WITH ${askedOf(sql, room, people)}
    SELECT user_id AS "user", last_read_seq AS "lastReadSeq",
      ${rangesJson(sql, sql`read_ranges`)} AS "readRanges", read_revision AS "readRevision",
      hidden, stored_seq AS "storedSeq", unread_before AS unread, mentions_before AS mentions,
      first_before AS "firstUnread", CASE WHEN is_kept THEN since ELSE last_read_seq END AS since
    FROM asked`;
  return rows.map((row) => ({ ...row, readRanges: row.readRanges ?? [] }));
}

function askedOf(sql: Sql, room: RoomId, people: readonly UserId[]) {
  return sql`asked AS (
      SELECT u.id AS user_id, r.id AS room_id, ${askedColumns(sql)}
      FROM rooms r CROSS JOIN (
        SELECT id, block_revision, id || ARRAY(SELECT blocked_id FROM blocks WHERE user_id = id) AS hidden
        FROM users WHERE id = ANY (${[...people]}::uuid[])) AS u
      LEFT JOIN members m ON m.room_id = r.id AND m.user_id = u.id
      WHERE r.id = ${room}
    )`;
}

/** What people have read of a room. Who is no member has read nothing. */
export async function readStates(
  sql: Sql,
  room: RoomId,
  people: readonly UserId[],
): Promise<StoredReadState[]> {
  const read = (users: readonly UserId[], how: Counting) => sql<StateRow[]>`
    WITH ${askedOf(sql, room, users)}, ${how(sql)}
    SELECT user_id AS "user", last_read_seq AS "lastReadSeq",
      ${rangesJson(sql, sql`read_ranges`)} AS "readRanges", read_revision AS "readRevision",
      hidden, stored_seq AS "storedSeq", unread, mentions, first_unread AS "firstUnread"
    FROM counted`;
  const quick = await read(people, addFew);
  const slow = quick.filter(({ unread }) => unread === null).map(({ user }) => user);
  const anew = slow.length === 0 ? [] : await read(slow, countAnew);
  return [...quick.filter(({ unread }) => unread !== null), ...anew].map(
    ({ unread, mentions, readRanges, ...row }) => ({
      ...row,
      unread: unread ?? 0,
      mentions: mentions ?? 0,
      readRanges: readRanges ?? [],
    }),
  );
}

type StateRow = {
  [K in keyof StoredReadState]: K extends "readRanges" | "unread" | "mentions"
    ? StoredReadState[K] | null
    : StoredReadState[K];
};

/**
 * What someone has not read in rooms that they are in and not barred from, in the order of the rooms' ids: one
 * statement however many rooms there are, and another one for those that are counted anew.
 */
export async function listUnread(
  { sql }: Store,
  ask: { user: UserId; after: RoomId | null; limit: number },
): Promise<UnreadRoom[]> {
  const { user, after, limit } = ask;
  const read = (where: ReturnType<Sql>, how: Counting) => sql<
    (Omit<UnreadRoom, "unread"> & { unread: number | null })[]
  >`
    WITH u AS MATERIALIZED (
      SELECT id, block_revision, id || ARRAY(SELECT blocked_id FROM blocks WHERE user_id = id) AS hidden
      FROM users WHERE id = ${user}
    ), asked AS MATERIALIZED (
      SELECT m.user_id, m.room_id, ${askedColumns(sql)}
      FROM u, members m JOIN rooms r ON r.id = m.room_id AND r.archived_at IS NULL
      WHERE m.user_id = ${user} AND ${where} AND NOT EXISTS (
        SELECT FROM sanctions s WHERE s.room_id = m.room_id AND s.user_id = m.user_id
          AND s.lifted_at IS NULL AND s.kind = 'ban' AND (s.until IS NULL OR s.until > now()))
      ORDER BY m.room_id LIMIT ${limit}
    ), ${how(sql)}
    SELECT room_id AS room, stored_seq AS head, read_revision AS "readRevision", unread, mentions,
      first_unread AS "firstUnread"
    FROM counted ORDER BY room_id`;
  const quick = await read(sql`m.room_id > ${after ?? FIRST}`, addFew);
  const slow = quick.filter(({ unread }) => unread === null).map(({ room }) => room);
  const anew =
    slow.length === 0 ? [] : await read(sql`m.room_id = ANY (${slow}::uuid[])`, countAnew);
  const counted = new Map(anew.map((row) => [row.room, row]));
  return quick.flatMap((row) => {
    const { unread, ...rest } = row.unread === null ? (counted.get(row.room) ?? row) : row;
    // Whoever left or was barred meanwhile is told nothing more.
    return unread === null ? [] : { ...rest, unread };
  });
}

const FIRST = "00000000-0000-0000-0000-000000000000" as RoomId;

/**
 * Of a room `r`, a person `u` and a member `m`: what is counted, and from where on. A count that was kept holds
 * until the member reads, a message below it is removed or comes back, or the person blocks somebody else.
 */
function askedColumns(sql: Sql) {
  const isKept = sql`coalesce(m.counted_seq >= r.recount_seq AND m.counted_blocks = u.block_revision, false)`;
  const kept = (column: string, otherwise: number | null) =>
    sql`CASE WHEN ${isKept} THEN ${sql(`m.${column}`)} ELSE ${otherwise}::bigint END`;
  return sql`r.stored_seq, r.messages, u.hidden, u.block_revision,
    coalesce(m.last_read_seq, 0) AS last_read_seq, coalesce(m.read_ranges, '{}') AS read_ranges,
    coalesce(m.read_revision, 0) AS read_revision, ${isKept} AS is_kept,
    ${kept("counted_seq", 0)} AS since, ${kept("counted_n", 0)} AS since_n,
    ${kept("counted_unread", 0)} AS unread_before, ${kept("counted_mentions", 0)} AS mentions_before,
    ${kept("counted_first", null)} AS first_before`;
}

/** How rows of `asked` become rows of `counted`. */
type Counting = typeof addFew;

/** After so many facts it is counted anew; fewer are looked at one by one. */
const MOST_SINCE = 100;

/** Adds what came since a count was kept; null where none holds, or too much has come. */
function addFew(sql: Sql) {
  return sql`news AS MATERIALIZED (
      -- Unread, mentions and the first: rooms without news cost nothing in a CASE.
      SELECT a.*, CASE WHEN a.is_kept AND a.stored_seq <= a.since THEN '{0,0}'::bigint[]
        WHEN a.is_kept AND a.stored_seq - a.since <= ${MOST_SINCE}::bigint THEN (
          SELECT ARRAY[count(*), count(*) FILTER (WHERE a.user_id = ANY (f.mentions)), min(f.seq)]
          FROM facts f
          WHERE f.room_id = a.room_id AND f.seq > greatest(a.since, a.last_read_seq)
            AND f.seq <= a.stored_seq AND NOT a.read_ranges @> f.seq
            AND f.type = 'message.sent' AND f.by_id <> ALL (a.hidden)) END AS news
      FROM asked a
    ), ${addNews(sql)}`;
}

/**
 * Counts what is not read since the count that was kept, or from the beginning. Messages are numbered densely,
 * so how many lie in a stretch is a subtraction; from that goes what the indexes say not to count.
 */
function countAnew(sql: Sql) {
  const upTo = (position: ReturnType<Sql>) => sql`coalesce((
    SELECT f.n FROM facts f WHERE f.room_id = a.room_id AND f.seq <= ${position}
    ORDER BY f.seq DESC LIMIT 1), 0)`;
  const inGap = (column: string, of: "g" | "s" = "g") =>
    sql`${sql(column)} >= lower(${sql(of)}.gap) AND ${sql(column)} < upper(${sql(of)}.gap)`;
  return sql`news AS MATERIALIZED (
      SELECT a.*, (
        SELECT ARRAY[coalesce(sum(s.unread)::bigint, 0), coalesce(sum(s.mentions)::bigint, 0),
          min(CASE WHEN s.unread > 0 AND a.first_before IS NULL THEN (
            SELECT f.seq FROM facts f
            WHERE f.room_id = a.room_id AND ${inGap("f.seq", "s")} AND f.type = 'message.sent'
              AND f.removed_seq IS NULL AND f.by_id <> ALL (a.hidden)
            ORDER BY f.seq LIMIT 1) END)]
        FROM (
          SELECT g.gap,
            CASE WHEN upper(g.gap) > a.stored_seq THEN a.messages ELSE ${upTo(sql`upper(g.gap) - 1`)} END
            - CASE WHEN lower(g.gap) <= a.since + 1 THEN a.since_n ELSE ${upTo(sql`lower(g.gap) - 1`)} END
            - (SELECT count(*) FROM unnest(a.hidden) AS h (id)
              JOIN facts f ON f.by_id = h.id AND f.room_id = a.room_id AND f.type = 'message.sent'
                AND ${inGap("f.seq")})
            - CASE WHEN a.is_kept THEN 0 ELSE (SELECT count(*) FROM facts f
              WHERE f.room_id = a.room_id AND f.removed_seq IS NOT NULL AND f.by_id <> ALL (a.hidden)
                AND ${inGap("f.seq")}) END AS unread,
            (SELECT count(*) FROM mentions t
              WHERE t.user_id = a.user_id AND t.room_id = a.room_id AND ${inGap("t.seq")}
                AND t.by_id <> ALL (a.hidden) AND (a.is_kept OR NOT EXISTS (
                  SELECT FROM facts f WHERE f.room_id = t.room_id AND f.seq = t.seq
                    AND f.removed_seq IS NOT NULL))) AS mentions
          FROM unnest(
            int8multirange(int8range(a.since + 1, greatest(a.stored_seq, a.since) + 1))
            - int8multirange(int8range(0, a.last_read_seq + 1)) - a.read_ranges) AS g (gap)
          OFFSET 0
        ) s) AS news
      FROM asked a
    ), ${addNews(sql)}, kept AS (
      SELECT c.* FROM counted c JOIN members m ON m.room_id = c.room_id AND m.user_id = c.user_id
        AND m.read_revision = c.read_revision
      -- Whoever else is at it keeps as good a count.
      FOR NO KEY UPDATE OF m SKIP LOCKED
    ), keeping AS (
      UPDATE members m SET counted_seq = k.stored_seq, counted_n = k.messages, counted_unread = k.unread,
        counted_mentions = k.mentions, counted_first = k.first_unread, counted_blocks = k.block_revision
      FROM kept k WHERE m.room_id = k.room_id AND m.user_id = k.user_id
        AND m.read_revision = k.read_revision
    )`;
}

function addNews(sql: Sql) {
  return sql`counted AS (
      SELECT n.*, n.unread_before + n.news[1] AS unread, n.mentions_before + n.news[2] AS mentions,
        coalesce(n.first_before, n.news[3]) AS first_unread
      FROM news n
    )`;
}

/** A stored message that facts which are not stored yet may have removed or brought back. */
export interface TouchedMessage {
  seq: number;
  by: UserId;
  mentions: UserId[];
  removedSeq: number | null;
}

/** Stored messages in ranges; null when more is stored by now than a snapshot knew. */
export async function readTouched(
  sql: Sql,
  room: RoomId,
  ask: { ranges: ReadRanges; storedSeq: number },
): Promise<TouchedMessage[] | null> {
  const rows = await sql<(TouchedMessage & { storedSeq: number })[]>`
    SELECT DISTINCT ON (f.seq) f.seq, f.by_id AS by, coalesce(f.mentions, '{}') AS mentions,
      f.removed_seq AS "removedSeq", r.stored_seq AS "storedSeq"
    FROM rooms r
    JOIN unnest(${ask.ranges.map(([from]) => from)}::bigint[], ${ask.ranges.map(([, to]) => to)}::bigint[])
      AS t (first, last) ON true
    JOIN facts f ON f.room_id = r.id AND f.seq BETWEEN t.first AND t.last AND f.seq <= ${ask.storedSeq}
      AND f.type = 'message.sent'
    WHERE r.id = ${room}`;
  return rows.some(({ storedSeq }) => storedSeq !== ask.storedSeq) ? null : rows;
}
