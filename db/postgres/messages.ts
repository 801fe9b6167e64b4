import type { Sql } from "postgres";

import type { ClientId, RoomId, UserId } from "../../protocol/ids.ts";
import type { Author, Message } from "../../protocol/shapes.ts";
import { iso } from "./facts.ts";

/** A message as Postgres knows it, with everyone who reacted: the hot log's tail is folded over it. */
export interface KeptMessage extends Omit<Message, "reactions"> {
  /** emoji → who */
  reactions: Map<string, Set<UserId>>;
  /** The fact that removed it. */
  removedSeq?: number;
}

/** Messages of one snapshot, and up to which seq that snapshot knows the log. */
export interface KeptMessages {
  storedSeq: number;
  messages: KeptMessage[];
}

/** Messages of a room with `after < seq < before`, ascending: the first or the last `limit` of them. */
export async function readMessages(
  sql: Sql,
  ask: { room: RoomId; after: number; before: number; limit: number; newestFirst: boolean },
): Promise<KeptMessages> {
  const direction = ask.newestFirst ? sql`DESC` : sql`ASC`;
  return sql.begin("isolation level repeatable read read only", async (tx) => {
    const [room] = await tx<{ stored_seq: number }[]>`
      SELECT stored_seq FROM rooms WHERE id = ${ask.room}`;
    const rows = await tx<MessageRow[]>`
      SELECT f.seq, f.by_id, f.by_name, ${iso(sql, "f.at")} AS at, f.text, f.client_id, f.reply_to,
        f.mentions, ${iso(sql, "f.edited_at")} AS edited_at, f.pinned,
        coalesce((
          SELECT m.data ->> 'conversation' FROM facts m
          WHERE m.room_id = ${ask.room} AND m.target = f.seq AND m.type = 'message.moved'
          ORDER BY m.seq DESC LIMIT 1), p.conversation::text) AS conversation,
        r.by_id AS removed_by_id, r.by_name AS removed_by_name, ${iso(sql, "r.at")} AS removed_at,
        r.data ->> 'reason' AS removed_reason, f.removed_seq
      FROM facts f
      LEFT JOIN facts r ON r.room_id = f.room_id AND r.seq = f.removed_seq
      LEFT JOIN placements p ON p.room_id = f.room_id AND p.seq = f.seq
      WHERE f.room_id = ${ask.room} AND f.type = 'message.sent'
        AND f.seq > ${ask.after} AND f.seq < ${ask.before}
      ORDER BY f.seq ${direction} LIMIT ${ask.limit}`;
    const reactions = await tx<{ seq: number; emoji: string; user_id: UserId }[]>`
      SELECT seq, emoji, user_id FROM reactions
      WHERE room_id = ${ask.room} AND seq = ANY(${rows.map(({ seq }) => seq)}::bigint[])
      ORDER BY emoji, user_id`;
    const messages = rows.map(messageOf);
    const bySeq = new Map(messages.map((message) => [message.seq, message]));
    for (const { seq, emoji, user_id: user } of reactions) {
      const who = bySeq.get(seq)?.reactions;
      who?.set(emoji, (who.get(emoji) ?? new Set()).add(user));
    }
    return {
      storedSeq: room?.stored_seq ?? 0,
      messages: ask.newestFirst ? messages.toReversed() : messages,
    };
  });
}

interface MessageRow {
  seq: number;
  by_id: UserId;
  by_name: string;
  at: string;
  text: string | null;
  client_id: ClientId;
  reply_to: number | null;
  mentions: UserId[] | null;
  edited_at: string | null;
  pinned: boolean;
  conversation: string | null;
  removed_seq: number | null;
  removed_by_id: UserId | null;
  removed_by_name: string | null;
  removed_at: string | null;
  removed_reason: string | null;
}

function messageOf(row: MessageRow): KeptMessage {
  const removed = removalOf(row);
  return {
    seq: row.seq,
    by: { id: row.by_id, name: row.by_name },
    at: row.at,
    ...(row.text === null ? {} : { text: row.text }),
    clientId: row.client_id,
    ...(row.reply_to === null ? {} : { replyTo: row.reply_to }),
    mentions: row.mentions ?? [],
    ...(row.edited_at === null ? {} : { editedAt: row.edited_at }),
    ...(removed === null ? {} : { removed }),
    ...(row.removed_seq === null ? {} : { removedSeq: row.removed_seq }),
    pinned: row.pinned,
    reactions: new Map(),
    ...(row.conversation === null ? {} : { conversation: row.conversation }),
  };
}

function removalOf(row: MessageRow): KeptMessage["removed"] | null {
  if (row.removed_seq === null || row.removed_by_id === null) return null;
  const by: Author = { id: row.removed_by_id, name: row.removed_by_name ?? "" };
  return {
    by,
    at: row.removed_at ?? row.at,
    ...(row.removed_reason === null ? {} : { reason: row.removed_reason }),
  };
}
