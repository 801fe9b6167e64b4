import { and, asc, eq, gt, inArray } from "drizzle-orm";
import type { TransactionSql } from "postgres";

import { Refusal } from "../../protocol/errors.ts";
import type { RoomId, UserId } from "../../protocol/ids.ts";
import type { Member, Role } from "../../protocol/shapes.ts";
import type { Store } from "./connection.ts";
import { changeRoom } from "./rooms.ts";
import { members, users } from "./schema.ts";
import { userOf } from "./users.ts";

export type MemberRow = typeof members.$inferSelect;

/** Someone's membership in a room, or null. */
export async function findMember(
  { db }: Store,
  room: RoomId,
  user: UserId,
): Promise<MemberRow | null> {
  const [row] = await db
    .select()
    .from(members)
    .where(and(eq(members.roomId, room), eq(members.userId, user)));
  return row ?? null;
}

/** Roles of people in rooms, in the order of the asks; null where someone is no member. */
export async function findRoles(
  { sql }: Store,
  asks: readonly { room: RoomId; user: UserId }[],
): Promise<(Role | null)[]> {
  const rows = await sql<{ role: Role | null }[]>`
    SELECT m.role FROM unnest(${asks.map(({ room }) => room)}::uuid[],
      ${asks.map(({ user }) => user)}::uuid[]) WITH ORDINALITY AS a (room_id, user_id, i)
    LEFT JOIN members m ON m.room_id = a.room_id AND m.user_id = a.user_id
    ORDER BY a.i`;
  return rows.map(({ role }) => role);
}

/** Since when someone is a member of a room (ms since 1970); null when they are none. */
export async function findJoinedAt(
  store: Store,
  room: RoomId,
  user: UserId,
): Promise<number | null> {
  return (await findMember(store, room, user))?.joinedAt.getTime() ?? null;
}

/** Moderators and owners of a room. */
export async function findLeaders({ sql }: Store, room: RoomId): Promise<UserId[]> {
  const rows = await sql<{ user_id: UserId }[]>`
    SELECT user_id FROM members WHERE room_id = ${room} AND role IN ('moderator', 'owner')`;
  return rows.map(({ user_id: user }) => user);
}

/** What a room is to someone. */
export type KnownMember = Pick<MemberRow, "role" | "lastReadSeq" | "notify">;

/**
 * What a room is to people, in one statement however many they are; those who are no members are left out,
 * unless they become one where `joinAs` says as what.
 */
export async function knowMembers(
  { sql }: Store,
  room: RoomId,
  people: ReadonlyMap<UserId, { joinAs: Role | null }>,
): Promise<Map<UserId, KnownMember>> {
  const asks = [...people];
  // In the order of their ids: two gateways that let the same people in must not wait for each other.
  const rows = await sql<KnownMemberRow[]>`
    WITH asked AS (
      SELECT * FROM unnest(${asks.map(([user]) => user)}::uuid[],
        ${asks.map(([, { joinAs }]) => joinAs)}::text[]) AS a (user_id, join_as)
    ), known AS (
      SELECT m.user_id, m.role, m.last_read_seq, m.notify
      FROM asked JOIN members m ON m.room_id = ${room} AND m.user_id = asked.user_id
    ), joined AS (
      INSERT INTO members (room_id, user_id, role)
      SELECT ${room}::uuid, user_id, join_as FROM asked
      WHERE join_as IS NOT NULL AND user_id NOT IN (SELECT user_id FROM known)
      ORDER BY user_id
      ON CONFLICT (room_id, user_id) DO UPDATE SET role = members.role
      RETURNING user_id, role, last_read_seq, notify
    )
    SELECT * FROM known UNION ALL SELECT * FROM joined`;
  return new Map(
    rows.map(({ user_id: user, role, last_read_seq: lastReadSeq, notify }) => [
      user,
      { role, lastReadSeq, notify },
    ]),
  );
}

interface KnownMemberRow {
  user_id: UserId;
  role: Role;
  last_read_seq: number;
  notify: MemberRow["notify"];
}

/**
 * Gives someone a role and the room's rules a new version, in the caller's transaction. Answers that
 * version. Errors: `forbidden` when it would leave the room without an owner.
 */
export async function setRole(
  tx: TransactionSql,
  change: { room: RoomId; user: UserId; role: Role },
): Promise<number> {
  const { room, user, role } = change;
  // The room's row first: two owners who step down at once must not both succeed.
  const { policy } = await changeRoom(tx, room, {});
  await tx`
    INSERT INTO members (room_id, user_id, role) VALUES (${room}, ${user}, ${role})
    ON CONFLICT (room_id, user_id) DO UPDATE SET role = ${role}`;
  await refuseOwnerless(tx, room);
  return policy;
}

/**
 * Ends someone's membership and gives the room's rules a new version, in the caller's transaction. Answers
 * that version; null when they were no member. Errors: `forbidden` when it would leave the room without an owner.
 */
export async function endMembership(
  tx: TransactionSql,
  { room, user }: { room: RoomId; user: UserId },
): Promise<number | null> {
  // The room's row first: two owners who leave at once must not both succeed.
  const { policy } = await changeRoom(tx, room, {});
  const gone = await tx<{ role: Role }[]>`
    DELETE FROM members WHERE room_id = ${room} AND user_id = ${user} RETURNING role`;
  if (gone[0]?.role === "owner") await refuseOwnerless(tx, room);
  return gone.length === 0 ? null : policy;
}

async function refuseOwnerless(tx: TransactionSql, room: RoomId): Promise<void> {
  const owners = await tx`
    SELECT 1 FROM members WHERE room_id = ${room} AND role = 'owner' LIMIT 1`;
  if (owners.length === 0) throw new Refusal("forbidden", "A room keeps at least one owner.");
}

/** Members of a room in the order of their ids; keyset paging. */
export async function listMembers(
  { db }: Store,
  ask: { room: RoomId; after: UserId | null; limit: number },
): Promise<Member[]> {
  const rows = await db
    .select({ member: members, user: users })
    .from(members)
    .innerJoin(users, eq(users.id, members.userId))
    .where(
      and(
        eq(members.roomId, ask.room),
        ask.after === null ? undefined : gt(members.userId, ask.after),
      ),
    )
    .orderBy(asc(members.userId))
    .limit(ask.limit);
  return rows.map(({ member, user }) => memberOf(member, userOf(user)));
}

/** A membership as lists show it. */
export function memberOf(row: MemberRow, user: Member["user"]): Member {
  return { user, role: row.role, joinedAt: row.joinedAt.toISOString() };
}

/** Which of these people belong to a room. */
export async function membersAmong(
  { db }: Store,
  room: RoomId,
  people: UserId[],
): Promise<Set<UserId>> {
  if (people.length === 0) return new Set();
  const rows = await db
    .select({ user: members.userId })
    .from(members)
    .where(and(eq(members.roomId, room), inArray(members.userId, people)));
  return new Set(rows.map(({ user }) => user));
}
