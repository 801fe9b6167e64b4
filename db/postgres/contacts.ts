import type { TransactionSql } from "postgres";

import type { UserId } from "../../protocol/ids.ts";
import type { Block, Contact, Relation } from "../../protocol/people.ts";
import type { User } from "../../protocol/shapes.ts";
import type { Store } from "./connection.ts";
import { findUsers } from "./users.ts";

/** Two people, as seen by the first. */
export interface Pair {
  user: UserId;
  other: UserId;
}

/** A place in a list by time: when (ms since 1970), and who. */
export interface Since {
  sinceMs: number;
  id: UserId;
}

/** Someone of a list by time, with their place in it. */
export interface Listed<T> {
  item: T;
  place: Since;
}

/** What the other is to the user. */
export async function readRelation({ sql }: Store, { user, other }: Pair): Promise<Relation> {
  const [row] = await sql<
    { following: boolean; follows_me: boolean; blocked: boolean; note: string | null }[]
  >`
    SELECT mine.user_id IS NOT NULL AS following, mine.note,
      EXISTS (SELECT 1 FROM contacts WHERE user_id = ${other} AND contact_id = ${user}) AS follows_me,
      EXISTS (SELECT 1 FROM blocks WHERE user_id = ${user} AND blocked_id = ${other}) AS blocked
    FROM (SELECT 1) AS one LEFT JOIN contacts mine
      ON mine.user_id = ${user} AND mine.contact_id = ${other}`;
  const { following = false, follows_me: followsMe = false, blocked = false } = row ?? {};
  return {
    following,
    followsMe,
    connected: following && followsMe,
    blocked,
    ...(row === undefined || row.note === null ? {} : { note: row.note }),
  };
}

/**
 * Follows someone; a note that is given replaces the one before, "" takes it away. Answers since when,
 * or null when one of them blocks the other: told by the statement that writes, so that a block at the
 * same moment is not overtaken.
 */
export async function addContact(
  { sql }: Store,
  { user, other }: Pair,
  note: string | undefined,
): Promise<{ sinceMs: number; note: string | null } | null> {
  return sql.begin(async (tx) => {
    await lockPair(tx, { user, other });
    if (await areApart(tx, [user, other])) return null;
    const [row] = await tx<{ since_ms: number; note: string | null }[]>`
      INSERT INTO contacts (user_id, contact_id, note)
      VALUES (${user}, ${other}, nullif(${note ?? ""}, ''))
      ON CONFLICT (user_id, contact_id) DO UPDATE
        SET note = CASE WHEN ${note === undefined} THEN contacts.note ELSE excluded.note END
      RETURNING ${sinceMs(tx)}, note`;
    return row === undefined ? null : { sinceMs: row.since_ms, note: row.note };
  });
}

/** Follows someone no more. */
export async function removeContact({ sql }: Store, { user, other }: Pair): Promise<void> {
  await sql`DELETE FROM contacts WHERE user_id = ${user} AND contact_id = ${other}`;
}

/** Whom someone follows, or who follows them, the latest first; keyset paging. */
export async function listContacts(
  store: Store,
  ask: {
    user: UserId;
    show: "following" | "connected" | "followers";
    before: Since | null;
    limit: number;
  },
): Promise<Listed<Contact>[]> {
  const { sql } = store;
  const { user, show, before, limit } = ask;
  const [me, them] =
    show === "followers"
      ? (["contact_id", "user_id"] as const)
      : (["user_id", "contact_id"] as const);
  const rows = await sql<
    { id: UserId; since_ms: number; note: string | null; connected: boolean }[]
  >`
    SELECT c.${sql(them)} AS id, ${sinceMs(sql)},
      ${show === "followers" ? sql`NULL` : sql`c.note`} AS note,
      back.user_id IS NOT NULL AS connected
    FROM contacts c LEFT JOIN (SELECT user_id, contact_id FROM contacts) back
      ON back.user_id = c.contact_id AND back.contact_id = c.user_id
    WHERE c.${sql(me)} = ${user}
      AND ${show === "connected" ? sql`back.user_id IS NOT NULL` : sql`true`}
      AND ${placedBefore(store, before, them)}
    ORDER BY c.since DESC, c.${sql(them)} DESC LIMIT ${limit}`;
  const people = await byId(store, rows);
  return rows.flatMap(({ id, since_ms: at, note, connected }) => {
    const found = people.get(id);
    if (found === undefined) return [];
    const item = {
      user: found,
      since: new Date(at).toISOString(),
      connected,
      ...(note === null ? {} : { note }),
    };
    return [{ item, place: { sinceMs: at, id } }];
  });
}

/** Since when, in milliseconds since 1970. */
function sinceMs(sql: TransactionSql | Store["sql"]) {
  return sql`(extract(epoch FROM since) * 1000)::bigint AS since_ms`;
}

function placedBefore({ sql }: Store, before: Since | null, id: string) {
  if (before === null) return sql`true`;
  const at = new Date(before.sinceMs).toISOString();
  return sql`(c.since, c.${sql(id)}) < (${at}::text::timestamptz, ${before.id}::uuid)`;
}

/** Blocks someone: neither follows the other any more. */
export async function addBlock(tx: TransactionSql, { user, other }: Pair): Promise<void> {
  await lockPair(tx, { user, other });
  await tx`
    INSERT INTO blocks (user_id, blocked_id) VALUES (${user}, ${other}) ON CONFLICT DO NOTHING`;
  await tx`
    DELETE FROM contacts WHERE (user_id, contact_id) IN ((${user}, ${other}), (${other}, ${user}))`;
  await noteBlocks(tx, user);
}

/** Blocks someone no more. */
export async function removeBlock(tx: TransactionSql, { user, other }: Pair): Promise<void> {
  await lockPair(tx, { user, other });
  await tx`DELETE FROM blocks WHERE user_id = ${user} AND blocked_id = ${other}`;
  await noteBlocks(tx, user);
}

/** What was counted as unread may be somebody's whom they block now. */
async function noteBlocks(tx: TransactionSql, user: UserId): Promise<void> {
  await tx`UPDATE users SET block_revision = block_revision + 1 WHERE id = ${user}`;
}

/** Whom someone blocks, the latest first; keyset paging. */
export async function listBlocks(
  store: Store,
  ask: { user: UserId; before: Since | null; limit: number },
): Promise<Listed<Block>[]> {
  const rows = await store.sql<{ id: UserId; since_ms: number }[]>`
    SELECT c.blocked_id AS id, ${sinceMs(store.sql)} FROM blocks c
    WHERE c.user_id = ${ask.user} AND ${placedBefore(store, ask.before, "blocked_id")}
    ORDER BY c.since DESC, c.blocked_id DESC LIMIT ${ask.limit}`;
  const people = await byId(store, rows);
  return rows.flatMap(({ id, since_ms: at }) => {
    const found = people.get(id);
    if (found === undefined) return [];
    const item = { user: found, since: new Date(at).toISOString() };
    return [{ item, place: { sinceMs: at, id } }];
  });
}

/** Whether any of these people blocks another of them. */
export async function areApart(sql: TransactionSql, people: readonly UserId[]): Promise<boolean> {
  const rows = await sql`
    SELECT 1 FROM blocks
    WHERE user_id = ANY(${[...people]}::uuid[]) AND blocked_id = ANY(${[...people]}::uuid[]) LIMIT 1`;
  return rows.length > 0;
}

/** With how many of these people someone is connected. */
export async function countConnected(
  sql: TransactionSql,
  user: UserId,
  people: readonly UserId[],
): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    SELECT count(*)::int AS count FROM contacts mine JOIN contacts theirs
      ON theirs.user_id = mine.contact_id AND theirs.contact_id = mine.user_id
    WHERE mine.user_id = ${user} AND mine.contact_id = ANY(${[...people]}::uuid[])`;
  return row?.count ?? 0;
}

/** One thing at a time between two people, in the caller's transaction: a block and what it forbids must not cross. */
export async function lockPair(tx: TransactionSql, { user, other }: Pair): Promise<void> {
  const [low, high] = user < other ? [user, other] : [other, user];
  await tx`SELECT pg_advisory_xact_lock(hashtextextended(${`pair:${low}:${high}`}, 0))`;
}

async function byId(store: Store, rows: readonly { id: UserId }[]): Promise<Map<UserId, User>> {
  const users = await findUsers(
    store,
    rows.map(({ id }) => id),
  );
  return new Map(users.map((user) => [user.id, user]));
}
