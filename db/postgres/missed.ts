import type { Sql } from "postgres";

import type { RoomId, UserId } from "../../protocol/ids.ts";
import { coverOf } from "../digest/cover.ts";
import { type Digest, digestOf, mergeDigests } from "../digest/digest.ts";
import { readDigests, readPlaced } from "./digests.ts";
import { messagesUpTo } from "./facts.ts";

/** The digest of the messages with `since < seq <= until`; both lie where the room is digested. */
export async function readDigestBetween(
  sql: Sql,
  room: RoomId,
  { since, until }: { since: number; until: number },
): Promise<Digest> {
  const [after = 0, upTo = 0] = await messagesUpTo(sql, room, [since, until]);
  const { blocks, edges } = coverOf(after, upTo);
  const [digests, placed] = await Promise.all([
    readDigests(sql, room, blocks),
    readPlaced(sql, room, edges),
  ]);
  const pieces = [
    ...digests.map(({ level, block, digest }) => ({
      at: blocks.findIndex((each) => each.level === level && each.block === block),
      digest,
    })),
    ...edges.map((edge) => ({
      // What lies before all blocks stands first, what lies behind them last.
      at: edge.after === after ? -1 : blocks.length,
      digest: digestOf(placed.filter(({ n }) => n > edge.after && n <= edge.upTo)),
    })),
  ];
  return mergeDigests(pieces.toSorted((a, b) => a.at - b.at).map(({ digest }) => digest));
}

/** Which of these conversations someone takes part in, and in which of them they were mentioned since. */
export async function readPartIn(
  sql: Sql,
  ask: {
    room: RoomId;
    user: UserId;
    conversations: readonly number[];
    since: number;
    until: number;
  },
): Promise<Map<number, { mine: boolean; mentioned: boolean }>> {
  const rows = await sql<{ id: number; mine: boolean; mentioned: boolean }[]>`
    WITH mentioned AS MATERIALIZED (
      SELECT p.conversation FROM (
        SELECT seq FROM mentions WHERE user_id = ${ask.user} AND room_id = ${ask.room}
          AND seq > ${ask.since} AND seq <= ${ask.until} ORDER BY seq DESC LIMIT ${MOST_MENTIONS}) m
      JOIN placements p ON p.room_id = ${ask.room} AND p.seq = m.seq AND p.gist IS NOT NULL)
    SELECT c.id, c.id IN (SELECT conversation FROM mentioned) AS mentioned, EXISTS (
      SELECT FROM placements p WHERE p.room_id = ${ask.room} AND p.conversation = c.id
        AND p.author_id = ${ask.user} AND p.gist IS NOT NULL) AS mine
    FROM unnest(${[...ask.conversations]}::bigint[]) AS c (id)`;
  return new Map(rows.map(({ id, mine, mentioned }) => [id, { mine, mentioned }]));
}

/** The newest ones tell enough: what was missed has a dozen conversations. */
const MOST_MENTIONS = 200;

/** Whom someone knows of those who said something since, and whom they do not want to hear. */
export async function readAcquaintance(
  sql: Sql,
  ask: { room: RoomId; user: UserId; since: number; until: number },
): Promise<{ known: UserId[]; blocked: Set<UserId> }> {
  const [known, blocked] = await Promise.all([
    sql<{ id: UserId }[]>`
      SELECT c.contact_id AS id FROM (
        SELECT contact_id, since FROM contacts WHERE user_id = ${ask.user}
        ORDER BY since DESC LIMIT ${MOST_CONTACTS}) c
      JOIN users u ON u.id = c.contact_id AND u.meetings
      WHERE EXISTS (
        SELECT FROM facts f WHERE f.by_id = c.contact_id AND f.room_id = ${ask.room}
          AND f.seq > ${ask.since} AND f.seq <= ${ask.until} AND f.type = 'message.sent')
      ORDER BY c.since DESC, c.contact_id LIMIT ${MOST_KNOWN}`,
    sql<{ id: UserId }[]>`SELECT blocked_id AS id FROM blocks WHERE user_id = ${ask.user}`,
  ]);
  return { known: known.map(({ id }) => id), blocked: new Set(blocked.map(({ id }) => id)) };
}

const MOST_CONTACTS = 500;
const MOST_KNOWN = 20;

/** A message as it is quoted. */
export interface Quoted {
  by: { id: UserId; name: string };
  text: string;
}

/** What stored messages say, and whose they are; those that were taken back are left out. */
export async function readQuoted(
  sql: Sql,
  room: RoomId,
  seqs: readonly number[],
): Promise<Map<number, Quoted>> {
  const rows = await sql<{ seq: number; id: UserId; name: string; text: string }[]>`
    SELECT seq, by_id AS id, by_name AS name, text FROM facts
    WHERE room_id = ${room} AND seq = ANY(${[...seqs]}::bigint[])
      AND type = 'message.sent' AND text IS NOT NULL`;
  return new Map(rows.map(({ seq, id, name, text }) => [seq, { by: { id, name }, text }]));
}
