import type { Sql, TransactionSql } from "postgres";

import type { RoomId } from "../../protocol/ids.ts";
import { foldForSearch, gramsOf, withoutSpaceless } from "../search-grams.ts";
import type { Store } from "./connection.ts";

/** Facts that are indexed in one transaction. */
const FACTS_AT_ONCE = 1_000;
/** Words that are looked up at once. */
const WORDS_AT_ONCE = 500;
/** Longer words are keys, hashes and the like: nobody mistypes them. */
const MAX_WORD = 32;

/** Rooms that have facts to index, those that wait longest first. */
export async function roomsToIndex({ sql }: Store, limit: number): Promise<RoomId[]> {
  const rows = await sql<{ room_id: RoomId }[]>`
    SELECT room_id FROM search_due GROUP BY room_id ORDER BY min(since) LIMIT ${limit}`;
  return rows.map(({ room_id: room }) => room);
}

/** How far the index is behind what is stored (ms); 0 when it holds all of it. */
export async function indexLagMs({ sql }: Store): Promise<number> {
  const [row] = await sql<{ ms: number }[]>`
    SELECT coalesce(round(extract(epoch FROM clock_timestamp() - min(since)) * 1000), 0)::int AS ms
    FROM search_due`;
  return Math.max(0, row?.ms ?? 0);
}

/**
 * Indexes the next facts of a room, each message as it is now. Harmless to run again or twice at once:
 * a room that another is indexing is left to it. Answers how many facts were read, and whether there
 * are more.
 */
export async function indexRoom(
  { sql }: Store,
  room: RoomId,
): Promise<{ facts: number; more: boolean }> {
  return sql.begin(async (tx) => {
    await tx`INSERT INTO search_marks (room_id) VALUES (${room}) ON CONFLICT DO NOTHING`;
    const [mark] = await tx<{ indexed_seq: number }[]>`
      SELECT indexed_seq FROM search_marks WHERE room_id = ${room} FOR UPDATE SKIP LOCKED`;
    if (mark === undefined) return { facts: 0, more: false };
    const facts = await tx<Changing[]>`
      SELECT seq, type, target, 
        CASE WHEN data ? 'erased' THEN NULL ELSE data -> 'targets' END AS targets FROM facts
      WHERE room_id = ${room} AND seq > ${mark.indexed_seq} ORDER BY seq LIMIT ${FACTS_AT_ONCE}`;
    const last = facts.at(-1)?.seq ?? mark.indexed_seq;
    await indexMessages(tx, room, facts);
    await tx`UPDATE search_marks SET indexed_seq = ${last} WHERE room_id = ${room}`;
    await tx`DELETE FROM search_due WHERE room_id = ${room} AND seq <= ${last}`;
    return { facts: facts.length, more: facts.length === FACTS_AT_ONCE };
  });
}

/** Takes messages out of the index; their words are forgotten in a moment. */
export async function takeFromIndex(
  sql: Sql,
  room: RoomId,
  seqs: readonly number[],
): Promise<void> {
  await sql`
    WITH gone AS (
      DELETE FROM search_messages WHERE room_id = ${room} AND seq = ANY(${[...seqs]}::bigint[])
      RETURNING words
    )
    INSERT INTO search_forgotten (word)
    SELECT DISTINCT w FROM gone, unnest(tsvector_to_array(words)) AS w
    WHERE w ~ '^[[:alpha:]]+$' ORDER BY w
    ON CONFLICT DO NOTHING`;
}

/** Whether a room is indexed up to a seq, as far as it is due. */
export async function isIndexed(sql: Sql, room: RoomId, seq: number): Promise<boolean> {
  const rows = await sql`
    SELECT 1 FROM search_due WHERE room_id = ${room} AND seq <= ${seq} LIMIT 1`;
  return rows.length === 0;
}

/** Whether all words that were taken back are forgotten. */
export async function hasForgotten(sql: Sql): Promise<boolean> {
  return (await sql`SELECT 1 FROM search_forgotten LIMIT 1`).length === 0;
}

/**
 * Forgets words that were taken back and that no message has any more: they could only be guessed at, but
 * what is erased is erased everywhere. To be called when all that is due is indexed.
 */
export async function forgetWords({ sql }: Store): Promise<void> {
  await sql`
    WITH due AS (
      DELETE FROM search_forgotten WHERE word IN (
        SELECT word FROM search_forgotten ORDER BY word LIMIT ${WORDS_AT_ONCE} FOR UPDATE SKIP LOCKED)
      RETURNING word
    )
    DELETE FROM search_words s USING due
    WHERE s.word = due.word AND NOT EXISTS (
      SELECT 1 FROM search_messages m WHERE m.words @@ quote_literal(due.word)::tsquery)`;
}

interface Changing {
  seq: number;
  type: string;
  target: number | null;
  targets: [number, number][] | null;
}

async function indexMessages(tx: TransactionSql, room: RoomId, facts: Changing[]): Promise<void> {
  const seqs = facts.flatMap(({ seq, type, target }) =>
    type === "message.sent" ? [seq] : target === null ? [] : [target],
  );
  const ranges = facts.flatMap(({ targets }) => targets ?? []);
  const messages = await tx<
    { seq: number; at: string; edited_at: string | null; text: string | null }[]
  >`
    SELECT f.seq, f.at::text, f.edited_at::text,
      CASE WHEN f.removed_seq IS NULL THEN f.text END AS text
    FROM facts f
    WHERE f.room_id = ${room} AND f.type = 'message.sent' AND (f.seq = ANY(${seqs}::bigint[])
      OR EXISTS (
        SELECT 1 FROM unnest(${ranges.map(([from]) => from)}::bigint[],
          ${ranges.map(([, to]) => to)}::bigint[]) AS r (first, last)
        WHERE f.seq BETWEEN r.first AND r.last))`;
  const gone = messages.filter(({ text }) => text === null).map(({ seq }) => seq);
  await tx`
    WITH gone AS (
      DELETE FROM search_messages WHERE room_id = ${room} AND seq = ANY(${gone}::bigint[])
      RETURNING words
    )
    INSERT INTO search_forgotten (word)
    SELECT DISTINCT w FROM gone, unnest(tsvector_to_array(words)) AS w
    WHERE w ~ '^[[:alpha:]]+$' ORDER BY w
    ON CONFLICT DO NOTHING`;
  const rows = messages.flatMap(({ text, ...row }) => {
    if (text === null) return [];
    const folded = foldForSearch(text);
    return [{ ...row, folded, plain: withoutSpaceless(folded), grams: gramsOf(folded) }];
  });
  if (rows.length === 0) return;
  // What no word can be stands between the two vectors: else a phrase would be found across their seam.
  await tx`
    INSERT INTO search_messages (room_id, seq, at, edited_at, link, words, grams)
    SELECT ${room}, m.seq, m.at::timestamptz, m.edited_at::timestamptz, m.folded ~ 'https?://',
      to_tsvector('simple', m.plain) || '''|'':1'::tsvector || to_tsvector(r.language, m.plain), m.grams::text[]
    FROM unnest(${rows.map(({ seq }) => seq)}::bigint[], ${rows.map(({ at }) => at)}::text[],
      ${rows.map((row) => row.edited_at)}::text[], ${rows.map(({ folded }) => folded)}::text[],
      ${rows.map(({ plain }) => plain)}::text[],
      ${rows.map(({ grams }) => `{${grams.join(",")}}`)}::text[])
      AS m (seq, at, edited_at, folded, plain, grams)
    JOIN rooms r ON r.id = ${room}
    ON CONFLICT (room_id, seq) DO UPDATE SET edited_at = excluded.edited_at, link = excluded.link,
      words = excluded.words, grams = excluded.grams`;
  // In one order, so that two workers with the same new words do not wait for each other in a ring.
  await tx`
    INSERT INTO search_words (word)
    SELECT DISTINCT w FROM unnest(${rows.map(({ plain }) => plain)}::text[]) AS m (plain),
      unnest(tsvector_to_array(to_tsvector('simple', m.plain))) AS w
    WHERE w ~ '^[[:alpha:]]+$' AND length(w) BETWEEN 3 AND ${MAX_WORD}
    ORDER BY w
    ON CONFLICT DO NOTHING`;
}
