import type { TransactionSql } from "postgres";

import type { RoomId, UserId } from "../../protocol/ids.ts";

/** Someone whose clock ran ahead: their clientIds in a room reach up to this time (ms). */
export interface SendsAhead {
  room: RoomId;
  user: UserId;
  until: number;
}

/**
 * A clientId that lies further ahead than this when it is stored (ms). Less than what the append script
 * lets pass, since other clocks measure here: noting one too many costs a look-up.
 */
export const AHEAD_MS = 30_000;

/** Notes up to when the clientIds of people reach whose clocks run ahead. */
export async function noteSendsAhead(tx: TransactionSql, notes: readonly SendsAhead[]) {
  if (notes.length === 0) return;
  await tx`
    INSERT INTO sends_ahead (room_id, user_id, until)
    SELECT room, person, max(to_timestamp(until / 1000.0))
    FROM unnest(${notes.map(({ room }) => room)}::uuid[], ${notes.map(({ user }) => user)}::uuid[],
      ${notes.map(({ until }) => until)}::bigint[]) AS s (room, person, until)
    GROUP BY room, person
    ON CONFLICT (room_id, user_id) DO UPDATE SET until = greatest(sends_ahead.until, excluded.until)`;
}

/** Whose clientIds reach past now in a room; the notes that time has caught up with are dropped. */
export async function readSendsAhead(
  tx: TransactionSql,
  room: RoomId,
): Promise<Omit<SendsAhead, "room">[]> {
  await tx`DELETE FROM sends_ahead WHERE room_id = ${room} AND until < now() - interval '1 minute'`;
  return tx<Omit<SendsAhead, "room">[]>`
    SELECT user_id AS user, (extract(epoch FROM until) * 1000)::bigint AS until
    FROM sends_ahead WHERE room_id = ${room}`;
}
