import { hash, randomBytes } from "node:crypto";

import type { TransactionSql } from "postgres";
import { v7 as uuidv7 } from "uuid";

import { InviteCode, InviteId, type RoomId, type UserId } from "../../protocol/ids.ts";
import type { Invite } from "../../protocol/people.ts";
import type { Role } from "../../protocol/shapes.ts";
import type { Store } from "./connection.ts";
import { findUsers } from "./users.ts";

const CODE_BYTES = 16;

/** Makes an invitation and its code, which nobody can read again. */
export async function createInvite(
  { sql }: Store,
  invite: {
    room: RoomId;
    by: UserId;
    maxUses: number | undefined;
    expiresAt: string | undefined;
  },
): Promise<{ id: InviteId; code: InviteCode }> {
  const id = InviteId.parse(uuidv7());
  const code = InviteCode.parse(randomBytes(CODE_BYTES).toString("base64url"));
  await sql`
    INSERT INTO invites (id, room_id, code_hash, by_id, max_uses, expires_at)
    VALUES (${id}, ${invite.room}, ${hashOf(code)}, ${invite.by}, ${invite.maxUses ?? null},
      ${invite.expiresAt ?? null}::text::timestamptz)`;
  return { id, code };
}

/** Where an invitation that is good leads, and who made it; null when there is none. */
export async function findInvite(
  { sql }: Store,
  code: InviteCode,
): Promise<{ room: RoomId; by: UserId } | null> {
  const [row] = await sql<{ room_id: RoomId; by_id: UserId }[]>`
    SELECT room_id, by_id FROM invites i WHERE code_hash = ${hashOf(code)} AND ${isGood(sql)}`;
  return row === undefined ? null : { room: row.room_id, by: row.by_id };
}

/** Which room an invitation was made for, good or not; null when there is none. */
export async function roomOfInvite({ sql }: Store, code: InviteCode): Promise<RoomId | null> {
  const [row] = await sql<{ room_id: RoomId }[]>`
    SELECT room_id FROM invites WHERE code_hash = ${hashOf(code)}`;
  return row?.room_id ?? null;
}

/**
 * Lets someone into a room by an invitation, in the caller's transaction. Its row is locked first, so
 * that of many who come at once no more get in than may. Answers null when it is good no more, and
 * whether they are new: who was let in before, or is a member, takes no place.
 */
export async function useInvite(
  tx: TransactionSql,
  { code, user, role }: { code: InviteCode; user: UserId; role: Role },
): Promise<{ isNew: boolean } | null> {
  const [found] = await tx<
    { id: InviteId; room_id: RoomId; is_good: boolean; is_revoked: boolean }[]
  >`
    SELECT id, room_id, ${isGood(tx)} AS is_good, revoked_at IS NOT NULL AS is_revoked
    FROM invites i WHERE code_hash = ${hashOf(code)} FOR UPDATE`;
  if (found === undefined) return null;
  const { id, room_id: room } = found;
  const [member] = await tx`SELECT 1 FROM members WHERE room_id = ${room} AND user_id = ${user}`;
  if (member !== undefined) return { isNew: false };
  const [used] = await tx`
    SELECT 1 FROM invite_uses WHERE invite_id = ${id} AND user_id = ${user}`;
  if (found.is_revoked || (!found.is_good && used === undefined)) return null;
  if (used === undefined) {
    await tx`INSERT INTO invite_uses (invite_id, user_id) VALUES (${id}, ${user})`;
    await tx`UPDATE invites SET uses = uses + 1 WHERE id = ${id}`;
  }
  await tx`
    INSERT INTO members (room_id, user_id, role) VALUES (${room}, ${user}, ${role})
    ON CONFLICT DO NOTHING`;
  return { isNew: true };
}

/** Invitations of a room that are still good, the newest first; keyset paging. */
export async function listInvites(
  store: Store,
  ask: { room: RoomId; by: UserId | null; before: InviteId | null; limit: number },
): Promise<Invite[]> {
  const { sql } = store;
  const rows = await sql<
    {
      id: InviteId;
      by_id: UserId;
      at_ms: number;
      uses: number;
      max_uses: number | null;
      expires_ms: number | null;
    }[]
  >`
    SELECT id, by_id, uses, max_uses, (extract(epoch FROM at) * 1000)::bigint AS at_ms,
      (extract(epoch FROM expires_at) * 1000)::bigint AS expires_ms
    FROM invites i WHERE room_id = ${ask.room} AND ${isGood(sql)}
      AND ${ask.by === null ? sql`true` : sql`by_id = ${ask.by}`}
      AND ${ask.before === null ? sql`true` : sql`id < ${ask.before}`}
    ORDER BY id DESC LIMIT ${ask.limit}`;
  const people = await findUsers(store, [...new Set(rows.map((row) => row.by_id))]);
  return rows.flatMap(({ id, by_id: byId, at_ms: atMs, uses, max_uses: maxUses, ...row }) => {
    const by = people.find((user) => user.id === byId);
    if (by === undefined) return [];
    const expiresAt = row.expires_ms === null ? {} : { expiresAt: isoOf(row.expires_ms) };
    const most = maxUses === null ? {} : { maxUses };
    return [{ id, by, at: isoOf(atMs), uses, ...most, ...expiresAt }];
  });
}

/** Takes an invitation of a room back, whoever's it is or only this person's; false when there is none. */
export async function revokeInvite(
  { sql }: Store,
  ask: { room: RoomId; id: InviteId; by: UserId | null },
): Promise<boolean> {
  const rows = await sql`
    UPDATE invites SET revoked_at = now()
    WHERE id = ${ask.id} AND room_id = ${ask.room} AND revoked_at IS NULL
      AND ${ask.by === null ? sql`true` : sql`by_id = ${ask.by}`} RETURNING 1`;
  return rows.length > 0;
}

function isGood(sql: TransactionSql | Store["sql"]) {
  return sql`(i.revoked_at IS NULL AND (i.expires_at IS NULL OR i.expires_at > now())
    AND (i.max_uses IS NULL OR i.uses < i.max_uses))`;
}

function hashOf(code: InviteCode): Buffer {
  return hash("sha256", code, "buffer");
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
