import type { Sql, TransactionSql } from "postgres";

import type { FactType } from "../../protocol/facts.ts";
import type { RoomId, UserId } from "../../protocol/ids.ts";
import type { Gist } from "../digest/digest.ts";
import type { Store } from "./connection.ts";

/** How far a room's log is placed, and how far it is stored. */
export interface Digested {
  seq: number;
  storedSeq: number;
}

/** Rooms whose log is stored further than it is placed, those longest unplaced first. */
export async function roomsToDigest({ sql }: Store, most: number): Promise<RoomId[]> {
  const rows = await sql<{ id: RoomId }[]>`
    SELECT r.id FROM rooms r LEFT JOIN digested_rooms d ON d.room_id = r.id
    WHERE r.stored_seq > coalesce(d.seq, 0) AND NOT r.importing
    ORDER BY r.last_fact_at DESC LIMIT ${most}`;
  return rows.map(({ id }) => id);
}

/** Where the placing of a room stands. */
export async function readDigested(sql: Sql, room: RoomId): Promise<Digested | null> {
  const [row] = await sql<Digested[]>`
    SELECT coalesce(d.seq, 0) AS seq, r.stored_seq AS "storedSeq"
    FROM rooms r LEFT JOIN digested_rooms d ON d.room_id = r.id WHERE r.id = ${room}`;
  return row ?? null;
}

/** Moves on how far a room is placed; false when another worker has done so meanwhile. */
export async function advanceDigested(
  tx: TransactionSql,
  room: RoomId,
  { from, to }: { from: number; to: number },
): Promise<boolean> {
  const rows = await tx`
    INSERT INTO digested_rooms AS d (room_id, seq) VALUES (${room}, ${to})
    ON CONFLICT (room_id) DO UPDATE SET seq = ${to} WHERE d.seq = ${from}
    RETURNING 1`;
  return rows.length === 1;
}

/** A stored fact, as placing reads it: a message's text is what it says now, null once it was taken back. */
export interface FactToPlace {
  seq: number;
  n: number;
  type: FactType;
  atMs: number;
  author: UserId;
  name: string;
  target: number | null;
  replyTo: number | null;
  text: string | null;
  mentions: UserId[] | null;
  data: { targets?: [number, number][]; conversation?: string; erased?: true } | null;
}

/** Facts of a room that follow a seq, ascending. */
export async function readFactsToPlace(
  sql: Sql,
  room: RoomId,
  { after, upTo, limit }: { after: number; upTo: number; limit: number },
): Promise<FactToPlace[]> {
  return sql<FactToPlace[]>`
    SELECT seq, n, type, (extract(epoch FROM at) * 1000)::bigint AS "atMs", by_id AS author, by_name AS name, target, reply_to AS "replyTo", text,
      mentions, data
    FROM facts WHERE room_id = ${room} AND seq > ${after} AND seq <= ${upTo}
    ORDER BY seq LIMIT ${limit}`;
}

/** A message that has its place, with what it says now. */
export type PlacedText = FactToPlace & { parent: number; conversation: number };

/** The last placed messages of a room, ascending. */
export async function readLastPlaced(sql: Sql, room: RoomId, limit: number): Promise<PlacedText[]> {
  const rows = await sql<PlacedText[]>`
    SELECT f.seq, f.n, f.type, (extract(epoch FROM f.at) * 1000)::bigint AS "atMs", f.by_id AS author, f.by_name AS name, f.target,
      f.reply_to AS "replyTo", f.text, f.mentions, f.data, p.parent, p.conversation
    FROM (SELECT seq, n, parent, conversation FROM placements WHERE room_id = ${room}
      ORDER BY n DESC LIMIT ${limit}) p
    JOIN facts f ON f.room_id = ${room} AND f.seq = p.seq ORDER BY p.n`;
  return [...rows];
}

/** Where a message stands. */
export interface PlacementRow {
  seq: number;
  n: number;
  author: UserId;
  parent: number;
  conversation: number;
  question: boolean;
}

/** The places of these messages; those that have none are left out. */
export async function readPlacements(
  sql: Sql | TransactionSql,
  room: RoomId,
  seqs: readonly number[],
): Promise<PlacementRow[]> {
  if (seqs.length === 0) return [];
  return sql<PlacementRow[]>`
    SELECT seq, n, author_id AS author, parent, conversation, question FROM placements
    WHERE room_id = ${room} AND seq = ANY(${[...seqs]}::bigint[])`;
}

/** Whether a room has a conversation that a message of this seq began. */
export async function isConversation(sql: Sql, room: RoomId, id: number): Promise<boolean> {
  const rows = await sql`
    SELECT 1 FROM placements WHERE room_id = ${room} AND conversation = ${id} LIMIT 1`;
  return rows.length > 0;
}

/** A message's place with its gist, as it is written. */
export interface NewPlacement extends PlacementRow {
  gist: Gist | null;
}

/** Writes places, in the caller's transaction; those that are there are replaced. */
export async function writePlacements(
  tx: TransactionSql,
  room: RoomId,
  rows: readonly NewPlacement[],
): Promise<void> {
  if (rows.length === 0) return;
  await tx`
    INSERT INTO placements (room_id, seq, n, author_id, parent, conversation, question, gist)
    SELECT ${room}::uuid, seq, n, author, parent, conversation, question, gist::json
    FROM unnest(${rows.map(({ seq }) => seq)}::bigint[], ${rows.map(({ n }) => n)}::bigint[],
      ${rows.map(({ author }) => author)}::uuid[], ${rows.map(({ parent }) => parent)}::bigint[],
      ${rows.map(({ conversation }) => conversation)}::bigint[],
      ${rows.map(({ question }) => String(question))}::text[]::boolean[],
      ${rows.map(({ gist }) => (gist === null ? null : JSON.stringify(gist)))}::text[])
      AS p (seq, n, author, parent, conversation, question, gist)
    ON CONFLICT (room_id, seq) DO UPDATE SET parent = excluded.parent,
      conversation = excluded.conversation, question = excluded.question, gist = excluded.gist`;
}

/** What these messages say now; null for those that were taken back. */
export async function readTexts(
  sql: Sql,
  room: RoomId,
  ranges: readonly (readonly [from: number, to: number])[],
): Promise<Map<number, string | null>> {
  if (ranges.length === 0) return new Map();
  const rows = await sql<{ seq: number; text: string | null }[]>`
    SELECT f.seq, f.text
    FROM unnest(${ranges.map(([from]) => from)}::bigint[], ${ranges.map(([, to]) => to)}::bigint[])
      AS r (first, last)
    JOIN facts f ON f.room_id = ${room} AND f.seq BETWEEN r.first AND r.last
      AND f.type = 'message.sent'`;
  return new Map(rows.map(({ seq, text }) => [seq, text]));
}
