import type { Sql, TransactionSql } from "postgres";
import { v7 as uuidv7 } from "uuid";

import { type ClientId, ErasureId, type RoomId, type UserId } from "../../protocol/ids.ts";
import type { Erasure } from "../../protocol/shapes.ts";
import { appendAudit, PLATFORM_CHAIN } from "./audit.ts";
import type { Store } from "./connection.ts";
import { iso } from "./facts.ts";
import { accountHash } from "./users.ts";

/** What an erased person is called from then on, wherever their name stood. */
export const ERASED_NAME = "Someone who left";

/**
 * Writes down that someone is to be erased; from then on they may not be here. Once is enough: another
 * wish answers the first. Null when there is nobody of that id.
 */
export async function beginErasure(
  { sql }: Store,
  { user, by, at }: { user: UserId; by: UserId; at: string },
): Promise<ErasureId | null> {
  return sql.begin(async (tx) => {
    const [person] = await tx<{ external_id: string | null }[]>`
      SELECT external_id FROM users WHERE id = ${user} AND kind <> 'bot' FOR UPDATE`;
    if (person === undefined) return null;
    const [known] = await tx<{ id: ErasureId }[]>`SELECT id FROM erasures WHERE user_id = ${user}`;
    if (known !== undefined) return known.id;
    const id = ErasureId.parse(uuidv7());
    await tx`INSERT INTO erasures (id, user_id) VALUES (${id}, ${user})`;
    await tx`UPDATE users SET erased_at = clock_timestamp() WHERE id = ${user}`;
    if (person.external_id !== null) {
      await tx`
        INSERT INTO erased_accounts (account, erased_at) VALUES (${accountHash(person.external_id)}, clock_timestamp())
        ON CONFLICT (account) DO UPDATE SET erased_at = excluded.erased_at`;
    }
    const deed = { at, actor: by, action: "person.erasing", target: user };
    await appendAudit(tx, PLATFORM_CHAIN, [deed]);
    return id;
  });
}

/** An erasing by its id; null when there is none. */
export async function findErasure(sql: Sql, id: ErasureId): Promise<Erasure | null> {
  const [row] = await sql<Erasure[]>`
    SELECT id, user_id AS "user", state, rooms, rooms_done AS "roomsDone", ${iso(sql, "created_at")} AS "createdAt",
      ${iso(sql, "finished_at")} AS "finishedAt"
    FROM erasures WHERE id = ${id}`;
  return row ?? null;
}

/** Erasings that are to be carried out, the oldest first. */
export async function erasuresToDo({ sql }: Store): Promise<ErasureId[]> {
  const rows = await sql<{ id: ErasureId }[]>`
    SELECT id FROM erasures WHERE state <> 'done' ORDER BY created_at LIMIT 100`;
  return rows.map(({ id }) => id);
}

/** Notes the rooms that hold something of a person. Nothing is added to them any more: the person is barred. */
export async function noteRooms(
  sql: Sql,
  { id, user }: { id: ErasureId; user: UserId },
): Promise<void> {
  await sql`
    INSERT INTO erasure_rooms (erasure_id, room_id)
    SELECT ${id}::uuid, room_id FROM (
      SELECT room_id FROM facts WHERE by_id = ${user} AND type = 'message.sent'
      UNION SELECT room_id FROM facts WHERE by_id = ${user} AND type <> 'message.sent'
      UNION SELECT room_id FROM members WHERE user_id = ${user}
      UNION SELECT room_id FROM sanctions WHERE user_id = ${user}) AS r
    ORDER BY room_id ON CONFLICT DO NOTHING`;
  await sql`
    UPDATE erasures SET state = 'running',
      rooms = (SELECT count(*) FROM erasure_rooms WHERE erasure_id = ${id}) WHERE id = ${id}`;
}

/** Rooms where something of a person is left, and the note of the room's fact where it was decided. */
export async function roomsLeft(
  sql: Sql,
  id: ErasureId,
): Promise<{ room: RoomId; act: ClientId | null }[]> {
  return sql<{ room: RoomId; act: ClientId | null }[]>`
    SELECT room_id AS room, act FROM erasure_rooms WHERE erasure_id = ${id} AND NOT done ORDER BY room_id`;
}

/** Notes the act of a room, in the transaction that notes its fact. */
export async function noteRoomAct(
  tx: TransactionSql,
  of: { id: ErasureId; room: RoomId; act: ClientId },
): Promise<void> {
  await tx`
    UPDATE erasure_rooms SET act = ${of.act} WHERE erasure_id = ${of.id} AND room_id = ${of.room}`;
}

/** Notes that nothing of the person is left in a room. */
export async function noteRoomDone(
  sql: Sql,
  { id, room }: { id: ErasureId; room: RoomId },
): Promise<void> {
  await sql.begin(async (tx) => {
    await tx`UPDATE erasure_rooms SET done = true WHERE erasure_id = ${id} AND room_id = ${room}`;
    await tx`
      UPDATE erasures SET rooms_done = (
        SELECT count(*) FROM erasure_rooms WHERE erasure_id = ${id} AND done) WHERE id = ${id}`;
  });
}

/** Seqs of what someone said in a room, ascending, after a seq. */
export async function readSeqsSaid(
  sql: Sql,
  ask: { room: RoomId; user: UserId; after: number; limit: number },
): Promise<{ seq: number; n: number }[]> {
  return sql<{ seq: number; n: number }[]>`
    SELECT seq, n FROM facts
    WHERE by_id = ${ask.user} AND room_id = ${ask.room} AND type = 'message.sent' AND seq > ${ask.after}
    ORDER BY seq LIMIT ${ask.limit}`;
}

/** Takes text and name from messages. One that nothing has removed names itself, until the room's fact is stored. */
export async function eraseMessages(
  sql: Sql,
  room: RoomId,
  seqs: readonly number[],
): Promise<void> {
  await sql`
    UPDATE facts SET text = NULL, edited_at = NULL, by_name = ${ERASED_NAME},
      removed_seq = coalesce(removed_seq, seq)
    WHERE room_id = ${room} AND seq = ANY(${[...seqs]}::bigint[])`;
}

/**
 * Facts of others in a room whose reasons are about someone: sanctions, and removals and clean-ups of what
 * they said. Ascending.
 */
export async function readReasonsAbout(sql: Sql, room: RoomId, user: UserId): Promise<number[]> {
  const rows = await sql<{ seq: number }[]>`
    SELECT f.seq FROM facts f
    WHERE f.room_id = ${room} AND f.type <> 'message.sent' AND f.data ? 'reason'
      AND NOT f.data ? 'erased' AND (
      f.data->>'user' = ${user} OR f.data->>'author' = ${user}
      OR f.type = 'message.removed' AND EXISTS (
        SELECT 1 FROM facts m WHERE m.room_id = ${room} AND m.seq = f.target AND m.by_id = ${user})
      OR f.type = 'messages.removed' AND EXISTS (
        SELECT 1 FROM removed_texts t WHERE t.removal_id = f.client_id AND t.author_id = ${user}))
    ORDER BY f.seq`;
  return rows.map(({ seq }) => seq);
}

/** Takes the name from all else that someone did in a room, and the reasons from that and from these facts of others. */
export async function eraseDeeds(
  sql: Sql,
  { room, user, about }: { room: RoomId; user: UserId; about: readonly number[] },
): Promise<void> {
  await sql`
    UPDATE facts SET by_name = ${ERASED_NAME},
      data = CASE WHEN data ? 'reason' THEN data || '{"reason": ""}' ELSE data END
    WHERE by_id = ${user} AND room_id = ${room} AND type <> 'message.sent'`;
  await sql`
    UPDATE facts SET data = data || '{"reason": ""}'
    WHERE room_id = ${room} AND seq = ANY(${[...about]}::bigint[])`;
}

/** Takes from a room's digests what they were made of messages, and answers the numbers of those. */
export async function eraseGists(
  tx: TransactionSql,
  room: RoomId,
  seqs: readonly number[],
): Promise<number[]> {
  const rows = await tx<{ n: number }[]>`
    UPDATE placements SET gist = NULL, question = false
    WHERE room_id = ${room} AND seq = ANY(${[...seqs]}::bigint[]) RETURNING n`;
  return rows.map(({ n }) => n);
}

/** Rooms that someone owns alone, and who has been there longest of those of the highest role; null when nobody is. */
export async function findHeir(
  tx: TransactionSql,
  room: RoomId,
  user: UserId,
): Promise<UserId | null> {
  const [row] = await tx<{ heir: UserId }[]>`
    SELECT m.user_id AS heir FROM members m JOIN users u ON u.id = m.user_id
    WHERE m.room_id = ${room} AND m.user_id <> ${user} AND u.kind = 'member' AND u.erased_at IS NULL
      AND m.role = 'moderator'
      AND EXISTS (SELECT 1 FROM members o WHERE o.room_id = ${room} AND o.user_id = ${user} AND o.role = 'owner')
      AND NOT EXISTS (SELECT 1 FROM members o WHERE o.room_id = ${room} AND o.user_id <> ${user} AND o.role = 'owner')
    ORDER BY m.joined_at, m.user_id LIMIT 1`;
  return row?.heir ?? null;
}

function removalsOf(tx: TransactionSql, user: UserId) {
  return tx`
    SELECT r.id FROM removals r WHERE r.author_id = ${user}
      OR EXISTS (SELECT 1 FROM removed_texts t WHERE t.removal_id = r.id AND t.author_id = ${user})`;
}

/** What of a person stands outside of rooms' logs, each with how it is erased. A new table has its line here. */
const ELSEWHERE: ((tx: TransactionSql, user: UserId) => Promise<unknown>)[] = [
  // Of a clean-up of what they and others said: its reason may be about them.
  (tx, user) => tx`
    UPDATE audit SET reason = NULL, before = NULL, after = NULL, salt = NULL
    WHERE seals IS NOT NULL AND salt IS NOT NULL AND act IN (${removalsOf(tx, user)})`,
  (tx, user) => tx`UPDATE removals SET reason = '' WHERE id IN (${removalsOf(tx, user)})`,
  (tx, user) => tx`DELETE FROM removed_texts WHERE author_id = ${user}`,
  (tx, user) => tx`UPDATE removals SET by_name = ${ERASED_NAME} WHERE by_id = ${user}`,
  (tx, user) => tx`UPDATE removals SET reason = '' WHERE by_id = ${user}`,
  (tx, user) => tx`UPDATE sanctions SET reason = '' WHERE by_id = ${user} OR user_id = ${user}`,
  (tx, user) =>
    tx`UPDATE sanctions SET lift_reason = NULL WHERE lifted_by = ${user} OR user_id = ${user}`,
  (tx, user) =>
    tx`UPDATE platform_bans SET reason = '', lift_reason = NULL WHERE by_id = ${user} OR user_id = ${user} OR lifted_by = ${user}`,
  (tx, user) =>
    tx`DELETE FROM case_texts t USING cases c WHERE c.id = t.case_id AND c.author_id = ${user}`,
  (tx, user) => tx`UPDATE cases SET held = NULL WHERE author_id = ${user}`,
  (tx, user) => tx`UPDATE cases SET note = NULL WHERE author_id = ${user} OR resolved_by = ${user}`,
  (tx, user) => tx`UPDATE case_reports SET note = NULL WHERE reporter_id = ${user}`,
  (tx, user) => tx`
    UPDATE case_reports r SET note = NULL FROM cases c WHERE c.id = r.case_id AND c.author_id = ${user}`,
  (tx, user) => tx`DELETE FROM notices WHERE user_id = ${user} OR data::text LIKE ${`%${user}%`}`,
  (tx, user) => tx`DELETE FROM contacts WHERE user_id = ${user} OR contact_id = ${user}`,
  (tx, user) => tx`DELETE FROM blocks WHERE user_id = ${user} OR blocked_id = ${user}`,
  (tx, user) => tx`DELETE FROM mentions WHERE user_id = ${user} OR by_id = ${user}`,
  (tx, user) => tx`DELETE FROM reactions WHERE user_id = ${user}`,
  (tx, user) => tx`DELETE FROM invite_uses WHERE user_id = ${user}`,
  (tx, user) =>
    tx`UPDATE invites SET revoked_at = coalesce(revoked_at, now()) WHERE by_id = ${user}`,
  (tx, user) => tx`DELETE FROM webhooks WHERE created_by = ${user}`,
  (tx, user) => tx`
    DELETE FROM dry_runs WHERE by_id = ${user} OR found::text LIKE ${`%${user}%`}`,
  (tx, user) => tx`UPDATE bots SET token_hash = NULL WHERE by_id = ${user}`,
  (tx, user) => tx`DELETE FROM sends_ahead WHERE user_id = ${user}`,
  (tx, user) => tx`
    DELETE FROM quarantine WHERE position(convert_to(${`"id":"${user}"`}, 'UTF8') IN entry) > 0`,
  // What the law lets keep: who did what to whom, and when. The chains hold by the seals of what is erased.
  (tx, user) => tx`
    UPDATE audit SET reason = NULL, before = NULL, after = NULL, salt = NULL
    WHERE (actor_id = ${user} OR target_id = ${user}) AND seals IS NOT NULL AND salt IS NOT NULL`,
  (tx, user) => tx`
    UPDATE rooms r SET title = replace(r.title, u.name, ${ERASED_NAME}) FROM users u
    WHERE r.direct AND u.id = ${user} AND position(u.name IN r.title) > 0
      AND r.id IN (SELECT room_id FROM erasure_rooms e JOIN erasures p ON p.id = e.erasure_id WHERE p.user_id = ${user})`,
  (tx, user) => tx`
    UPDATE users SET name = ${ERASED_NAME}, external_id = NULL, handle = NULL, handle_skeleton = NULL,
      headline = NULL, picture = NULL, links = '[]', time_zone = NULL, meetings = false WHERE id = ${user}`,
];

/** Erases what stands outside of rooms' logs, and notes that the erasing is done. */
export async function eraseElsewhere(
  sql: Sql,
  { id, user }: { id: ErasureId; user: UserId },
): Promise<void> {
  await sql.begin(async (tx) => {
    for (const erase of ELSEWHERE) await erase(tx, user);
    await tx`UPDATE erasures SET state = 'done', finished_at = clock_timestamp() WHERE id = ${id}`;
  });
}
