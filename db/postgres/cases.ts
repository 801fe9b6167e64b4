import type { TransactionSql } from "postgres";
import { v7 as uuidv7 } from "uuid";

import type { ClientId, RoomId, UserId } from "../../protocol/ids.ts";
import { CaseId } from "../../protocol/ids.ts";

/** Opens a case about a message that stands in the log, in the caller's transaction; an open one stays the one. */
export async function openCase(
  tx: TransactionSql,
  what: { room: RoomId; author: UserId; seq: number; rule: string | null; at: string },
): Promise<CaseId> {
  const { room, author, seq, rule, at } = what;
  const [row] = await tx<{ id: CaseId }[]>`
    INSERT INTO cases (id, room_id, author_id, seq, rule, opened_at)
    VALUES (${uuidv7()}, ${room}, ${author}, ${seq}, ${rule}, ${at}::text::timestamptz)
    ON CONFLICT (room_id, seq) WHERE seq IS NOT NULL AND resolved_at IS NULL
    DO UPDATE SET rule = coalesce(cases.rule, excluded.rule) RETURNING id`;
  if (row === undefined) throw new Error("Postgres returned no row");
  return CaseId.parse(row.id);
}

/** What was said, and is held back. */
export interface Held {
  room: RoomId;
  author: UserId;
  clientId: ClientId;
  text: string;
  replyTo?: number | undefined;
  rule: string;
  at: string;
}

/** Holds a message back until a moderator has looked, in the caller's transaction; false when it is held already. */
export async function holdMessage(tx: TransactionSql, held: Held): Promise<boolean> {
  const { room, author, clientId, text, replyTo, rule, at } = held;
  const rows = await tx`
    INSERT INTO cases (id, room_id, author_id, client_id, held, rule, opened_at)
    VALUES (${uuidv7()}, ${room}, ${author}, ${clientId},
      ${JSON.stringify({ text, replyTo })}::text::jsonb, ${rule}, ${at}::text::timestamptz)
    ON CONFLICT (room_id, author_id, client_id) WHERE client_id IS NOT NULL DO NOTHING RETURNING 1`;
  return rows.length > 0;
}
