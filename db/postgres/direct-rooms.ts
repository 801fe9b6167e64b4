import type { TransactionSql } from "postgres";
import { v7 as uuidv7 } from "uuid";

import { RoomId, type UserId } from "../../protocol/ids.ts";
import { MAX_TITLE_CODE_POINTS } from "../../protocol/limits.ts";
import type { DirectState } from "../../protocol/people.ts";
import type { User } from "../../protocol/shapes.ts";
import type { Store } from "./connection.ts";
import type { Pair } from "./contacts.ts";
import { changeRoom } from "./rooms.ts";

/** The conversation of two people: which room, who asked for it, and whether both want it. */
export interface DirectPair {
  room: RoomId;
  askedBy: UserId;
  state: DirectState | "declined";
}

/** The conversation of two people, or null. */
export async function findPair(
  sql: TransactionSql | Store["sql"],
  pair: Pair,
): Promise<DirectPair | null> {
  const [low, high] = inOrder(pair);
  const [row] = await sql<{ room_id: RoomId; asked_by: UserId; state: DirectPair["state"] }[]>`
    SELECT room_id, asked_by, state FROM direct_pairs WHERE low_id = ${low} AND high_id = ${high}`;
  return row === undefined ? null : { room: row.room_id, askedBy: row.asked_by, state: row.state };
}

/** Makes the conversation of two people, who had none. */
export async function insertPair(
  tx: TransactionSql,
  pair: Pair,
  { room, askedBy, state }: DirectPair,
): Promise<void> {
  const [low, high] = inOrder(pair);
  await tx`
    INSERT INTO direct_pairs (low_id, high_id, room_id, asked_by, state)
    VALUES (${low}, ${high}, ${room}, ${askedBy}, ${state})`;
}

/** Notes where the conversation of two people stands now. */
export async function setPairState(
  sql: TransactionSql | Store["sql"],
  pair: Pair,
  state: DirectPair["state"],
): Promise<void> {
  const [low, high] = inOrder(pair);
  await sql`
    UPDATE direct_pairs SET state = ${state} WHERE low_id = ${low} AND high_id = ${high}`;
}

/** How many conversations someone has asked for that were not agreed on; who asks for more meanwhile waits. */
export async function countAsked(tx: TransactionSql, user: UserId): Promise<number> {
  await tx`SELECT pg_advisory_xact_lock(hashtextextended(${`asks:${user}`}, 0))`;
  const [row] = await tx<{ count: number }[]>`
    SELECT count(*)::int AS count FROM direct_pairs WHERE asked_by = ${user} AND state <> 'open'`;
  return row?.count ?? 0;
}

/** Makes a room that is on no list, for these people and nobody above them. */
export async function createDirectRoom(
  tx: TransactionSql,
  { by, people, named }: { by: UserId; people: readonly UserId[]; named: readonly User[] },
): Promise<RoomId> {
  const id = RoomId.parse(uuidv7());
  const names = named.map(({ name }) => name).join(", ");
  const title = Array.from(names).slice(0, MAX_TITLE_CODE_POINTS).join("");
  await tx`
    INSERT INTO rooms (id, slug, title, visibility, direct, created_by)
    VALUES (${id}, ${`direct-${id.replaceAll("-", "")}`}, ${title}, 'private', true, ${by})`;
  await tx`
    INSERT INTO members (room_id, user_id, role, notify)
    SELECT ${id}, user_id, 'member', 'all' FROM unnest(${[...people]}::uuid[]) AS p (user_id)`;
  return id;
}

/** Lets someone into a conversation that they were asked for. Answers the new version of its rules. Errors: `not_found`. */
export async function joinDirectRoom(
  tx: TransactionSql,
  room: RoomId,
  user: UserId,
): Promise<number> {
  const { policy } = await changeRoom(tx, room, {});
  await tx`
    INSERT INTO members (room_id, user_id, role, notify) VALUES (${room}, ${user}, 'member', 'all')
    ON CONFLICT DO NOTHING`;
  return policy;
}

/** A conversation of a few, as it is listed. */
export interface ListedDirect {
  room: RoomId;
  askedBy: UserId | null;
  state: DirectState;
  /** All who are in it or asked for it. */
  people: UserId[];
  firstLine: string | null;
}

/** Conversations that someone is in or is asked for, the latest made first; keyset paging by room. */
export async function listDirect(
  { sql }: Store,
  ask: { user: UserId; before: RoomId | null; limit: number },
): Promise<ListedDirect[]> {
  const { user, before, limit } = ask;
  const rows = await sql<
    {
      id: RoomId;
      asked_by: UserId | null;
      state: DirectState;
      people: UserId[];
      first_line: string | null;
    }[]
  >`
    WITH mine AS (
      SELECT r.id FROM members m JOIN rooms r ON r.id = m.room_id AND r.direct
      WHERE m.user_id = ${user}
      UNION
      SELECT room_id FROM direct_pairs
      WHERE ${user} IN (low_id, high_id) AND asked_by <> ${user} AND state = 'asked'
    )
    SELECT mine.id, CASE WHEN d.state <> 'open' THEN d.asked_by END AS asked_by,
      CASE WHEN d.state IN ('asked', 'declined') THEN 'asked' ELSE 'open' END AS state,
      (SELECT array_agg(p.id ORDER BY p.id) FROM (
        SELECT user_id AS id FROM members WHERE room_id = mine.id
        UNION SELECT d.low_id UNION SELECT d.high_id) p WHERE p.id IS NOT NULL) AS people,
      CASE WHEN d.state = 'asked' AND d.asked_by <> ${user} THEN (
        SELECT f.text FROM facts f
        WHERE f.room_id = mine.id AND f.type = 'message.sent' AND f.by_id = d.asked_by
        ORDER BY f.seq LIMIT 1) END AS first_line
    FROM mine LEFT JOIN direct_pairs d ON d.room_id = mine.id
    WHERE ${before === null ? sql`true` : sql`mine.id < ${before}`}
    ORDER BY mine.id DESC LIMIT ${limit}`;
  return rows.map(({ id, asked_by: askedBy, first_line: firstLine, ...rest }) => ({
    room: id,
    askedBy,
    firstLine,
    ...rest,
  }));
}

function inOrder({ user, other }: Pair): [low: UserId, high: UserId] {
  return user < other ? [user, other] : [other, user];
}
