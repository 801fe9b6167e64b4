import type { PendingQuery, Row, Sql } from "postgres";

import { type RoomId, UserId } from "../../protocol/ids.ts";
import type { Store } from "./connection.ts";
import { iso } from "./facts.ts";

/** A term of a search: words for the text index, or letters that stand together. */
export interface SearchTerm {
  /** As websearch_to_tsquery reads it; several spellings stand with ` or ` between them. */
  words: string | null;
  /** Runs of letters of scripts without spaces, and the grams that they have. */
  runs: { text: string; grams: string[] }[];
  not: boolean;
}

/** What is looked for, by whom, and from where on. Times are ISO 8601. */
export interface SearchAsk {
  user: UserId;
  terms: SearchTerm[];
  room: RoomId | null;
  /** An id, a handle or a name. */
  from: string | null;
  before: string | null;
  after: string | null;
  has: { link: boolean; reaction: boolean; reply: boolean };
  sort: "time" | "relevance";
  cursor: SearchPlace | null;
  limit: number;
  mark: { start: string; stop: string };
}

/** Where a page ends: rank (0 when by time), time (ms since 1970), room, seq. */
export type SearchPlace = readonly [rank: number, atMs: number, room: RoomId, seq: number];

/** A message that was found; `marked` is its text with marks around the words. */
export interface Found {
  room: RoomId;
  seq: number;
  by_id: UserId;
  by_name: string;
  at: string;
  at_ms: number;
  rank: number;
  marked: string;
  conversation: number | null;
}

/** By relevance, so many of the newest that match are ranked: the price of a search has an end. */
const RANKED = 1_000;
/** Other spellings of one word at most. */
const SPELLINGS = 20;

type Part = PendingQuery<Row[]>;

/**
 * Words that hold this one, or, when there is none, those that look most like it: what makes parts of
 * words and typos findable.
 */
export async function spellingsOf({ sql }: Store, word: string): Promise<string[]> {
  const pattern = `%${word.replaceAll(/[\\%_]/gu, String.raw`\$&`)}%`;
  const holding = await sql<{ word: string }[]>`
    SELECT word FROM search_words WHERE word LIKE ${pattern} ORDER BY length(word), word LIMIT ${SPELLINGS}`;
  if (holding.length > 0) return holding.map((row) => row.word);
  const alike = await sql<{ word: string }[]>`
    SELECT word FROM search_words WHERE word % ${word}
    ORDER BY similarity(word, ${word}) DESC, word LIMIT ${SPELLINGS}`;
  return alike.map((row) => row.word);
}

/**
 * Messages that match, of rooms that are public or that the user is a member of, and not banned from;
 * an unlisted one when it is named. The text is what it is now: what was taken back, or edited since
 * it was indexed, does not match.
 */
export async function searchMessages({ sql }: Store, ask: SearchAsk): Promise<Found[]> {
  const query = ask.terms.reduce<Part>(
    (all, term) => (term.words === null ? all : sql`${all} && ${tsqueryOf(sql, ask, term)}`),
    sql`''::tsquery`,
  );
  const byTime = ask.sort === "time";
  const rank = byTime ? sql`0::float8` : sql`ts_rank(s.words, q.query)::float8`;
  const within = byTime && ask.cursor !== null ? sql`AND ${pastTime(sql, ask.cursor)}` : sql``;
  const [cursorRank, cursorMs, cursorRoom, cursorSeq] = ask.cursor ?? [0, 0, null, 0];
  const past =
    byTime || ask.cursor === null
      ? sql``
      : sql`WHERE (m.rank, m.at_ms, m.room_id, m.seq)
          < (${cursorRank}::float8, ${cursorMs}::float8, ${cursorRoom}::uuid, ${cursorSeq}::bigint)`;
  return sql<Found[]>`
    WITH q AS MATERIALIZED (SELECT ${query} AS query), m AS MATERIALIZED (
      SELECT s.room_id, s.seq, s.at, extract(epoch FROM s.at)::float8 * 1000 AS at_ms,
        ${rank} AS rank, f.by_id, f.by_name, f.text, r.language
      FROM search_messages s
      JOIN rooms r ON r.id = s.room_id
      JOIN facts f ON f.room_id = s.room_id AND f.seq = s.seq
      CROSS JOIN q
      WHERE f.removed_seq IS NULL AND f.text IS NOT NULL
        AND f.edited_at IS NOT DISTINCT FROM s.edited_at
        ${visibleTo(sql, ask)} ${matching(sql, ask)} ${narrowed(sql, ask)} ${within}
      ORDER BY s.at DESC, s.room_id DESC, s.seq DESC
      LIMIT ${byTime ? ask.limit : RANKED}
    )
    SELECT m.room_id AS room, m.seq, m.by_id, m.by_name, ${iso(sql, "m.at")} AS at, m.at_ms, m.rank,
      p.conversation, ts_headline(m.language, m.text, q.query,
        ${`HighlightAll=true,StartSel=${ask.mark.start},StopSel=${ask.mark.stop}`}) AS marked
    FROM m CROSS JOIN q
    LEFT JOIN placements p ON p.room_id = m.room_id AND p.seq = m.seq ${past}
    ORDER BY m.rank DESC, m.at_ms DESC, m.room_id DESC, m.seq DESC LIMIT ${ask.limit}`;
}

/** In the room's language when one room is searched, and as written. */
function tsqueryOf(sql: Sql, { room }: SearchAsk, { words, not }: SearchTerm): Part {
  const plain = sql`websearch_to_tsquery('simple', ${words})`;
  const query =
    room === null
      ? plain
      : sql`(${plain} || websearch_to_tsquery((SELECT language FROM rooms WHERE id = ${room}), ${words}))`;
  return not ? sql`(!! ${query})` : query;
}

function visibleTo(sql: Sql, { user, room }: SearchAsk): Part {
  const open = room === null ? sql`r.visibility = 'public'` : sql`r.visibility <> 'private'`;
  return sql`
    AND (${open} OR EXISTS (
      SELECT 1 FROM members WHERE members.room_id = r.id AND members.user_id = ${user}))
    AND NOT EXISTS (
      SELECT 1 FROM sanctions b WHERE b.room_id = r.id AND b.user_id = ${user} AND b.kind = 'ban'
        AND b.lifted_at IS NULL AND (b.until IS NULL OR b.until > now()))
    AND NOT EXISTS (
      SELECT 1 FROM blocks WHERE blocks.user_id = ${user} AND blocks.blocked_id = f.by_id)`;
}

function matching(sql: Sql, { terms }: SearchAsk): Part {
  const runs = terms.flatMap((term) => term.runs.map((run) => ({ ...run, not: term.not })));
  const words = terms.some((term) => term.words !== null) ? sql`AND s.words @@ q.query` : sql``;
  return runs.reduce<Part>((all, { text, grams, not }) => {
    const holds = sql`(s.grams @> ${grams}::text[]
      AND strpos(lower(normalize(f.text, NFKC)), ${text}) > 0)`;
    return not ? sql`${all} AND NOT ${holds}` : sql`${all} AND ${holds}`;
  }, words);
}

function narrowed(sql: Sql, { room, from, before, after, has }: SearchAsk): Part {
  const parts = [
    room === null ? null : sql`AND s.room_id = ${room}`,
    before === null ? null : sql`AND s.at < ${before}::timestamptz`,
    after === null ? null : sql`AND s.at >= ${after}::timestamptz`,
    from === null
      ? null
      : sql`AND (lower(f.by_name) = lower(${from}) OR f.by_id IN (
          SELECT id FROM users WHERE handle = lower(${from})
          UNION ALL SELECT id FROM users WHERE lower(name) = lower(${from})
          UNION ALL SELECT id FROM users WHERE id = ${idOf(from)}::uuid))`,
    has.link ? sql`AND s.link` : null,
    has.reply ? sql`AND f.reply_to IS NOT NULL` : null,
    has.reaction
      ? sql`AND EXISTS (SELECT 1 FROM reactions x WHERE x.room_id = s.room_id AND x.seq = s.seq)`
      : null,
  ];
  return parts.reduce<Part>((all, part) => (part === null ? all : sql`${all} ${part}`), sql``);
}

/** Null when it is no id: then nobody has it. */
function idOf(from: string): UserId | null {
  return UserId.safeParse(from.toLowerCase()).data ?? null;
}

function pastTime(sql: Sql, [, atMs, room, seq]: SearchPlace): Part {
  return sql`(s.at, s.room_id, s.seq)
    < (to_timestamp(${atMs}::float8 / 1000)::timestamptz(3), ${room}::uuid, ${seq}::bigint)`;
}
