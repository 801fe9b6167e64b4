import type { Sql } from "postgres";

import type { Fact } from "../../protocol/facts.ts";
import type { ClientId, RoomId, UserId } from "../../protocol/ids.ts";

/** A fact with the count of messages up to it. */
export interface StoredFact {
  n: number;
  fact: Fact;
  /** Up to where the snapshot that it was read from knows the log. */
  storedSeq: number;
}

/** Facts of a room in Postgres, ascending, text as it is now: `after < seq <= upTo`, or the last ones below `before`. */
export async function readStoredFacts(
  sql: Sql,
  ask: { room: RoomId; after: number; upTo: number; limit: number; newestFirst: boolean },
): Promise<StoredFact[]> {
  const { room, after, upTo, limit } = ask;
  const direction = ask.newestFirst ? sql`DESC` : sql`ASC`;
  const rows = await sql<FactRow[]>`
    SELECT f.seq, f.n, f.type, ${iso(sql, "f.at")} AS at, f.by_id, f.by_name, f.target, f.client_id,
      f.reply_to, f.data, f.mentions, ${iso(sql, "f.edited_at")} AS edited_at,
      CASE WHEN f.type = 'message.edited' THEN m.text ELSE f.text END AS text,
      CASE WHEN f.type = 'message.edited' THEN m.removed_seq ELSE f.removed_seq END AS removed_seq,
      (SELECT stored_seq FROM rooms WHERE id = ${room}) AS stored_seq
    FROM facts f
    LEFT JOIN facts m ON f.type = 'message.edited' AND m.room_id = f.room_id AND m.seq = f.target
    WHERE f.room_id = ${room} AND f.seq > ${after} AND f.seq <= ${upTo}
    ORDER BY f.seq ${direction} LIMIT ${limit}`;
  const facts = rows.map((row) => ({
    n: row.n,
    fact: factOf(row),
    storedSeq: row.stored_seq,
  }));
  return ask.newestFirst ? facts.toReversed() : facts;
}

/** A timestamp column as ISO 8601 in UTC with milliseconds. */
export function iso(sql: Sql, column: string) {
  return sql.unsafe(`to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`);
}

interface FactRow {
  seq: number;
  n: number;
  type: Fact["type"];
  at: string;
  by_id: UserId;
  by_name: string;
  target: number | null;
  client_id: ClientId | null;
  reply_to: number | null;
  data: Record<string, unknown> | null;
  mentions: UserId[] | null;
  edited_at: string | null;
  text: string | null;
  removed_seq: number | null;
  stored_seq: number;
}

/** A stored row as the fact that is replayed: without text once it is removed (G19). */
function factOf(row: FactRow): Fact {
  const { seq, type, at } = row;
  const by = { id: row.by_id, name: row.by_name };
  if (type === "message.sent") {
    return {
      seq,
      type,
      at,
      by,
      clientId: row.client_id as ClientId,
      ...(row.text === null ? {} : { text: row.text }),
      ...(row.reply_to === null ? {} : { replyTo: row.reply_to }),
      mentions: row.mentions ?? [],
      ...(row.removed_seq === null
        ? row.edited_at === null
          ? {}
          : { editedAt: row.edited_at }
        : { removed: true as const }),
    };
  }
  if (type === "message.edited") {
    return {
      seq,
      type,
      at,
      by,
      target: row.target ?? 0,
      ...(row.removed_seq === null && row.text !== null
        ? { text: row.text }
        : { removed: true as const }),
    };
  }
  const target = row.target === null ? {} : { target: row.target };
  const act = row.client_id === null ? {} : { act: row.client_id };
  return { seq, type, at, by, ...act, ...target, ...row.data } as Fact;
}

/** A stored send, to tell a repeat from a clash. */
export interface StoredSend {
  seq: number;
  at: string;
  /** Null once it was removed: then what it said can no longer be compared. */
  text: string | null;
  replyTo: number | null;
  edited: boolean;
}

/** The fact of this author with this clientId, if it is stored. */
export async function findSend(
  sql: Sql,
  send: { room: RoomId; author: UserId; clientId: ClientId },
): Promise<StoredSend | null> {
  const [row] = await sql<StoredSend[]>`
    SELECT seq, ${iso(sql, "at")} AS at, text, reply_to AS "replyTo", edited_at IS NOT NULL AS edited
    FROM facts WHERE room_id = ${send.room} AND by_id = ${send.author} AND client_id = ${send.clientId}`;
  return row ?? null;
}

/** Messages up to positions, in their order, the newest fact at or below each included. */
export async function messagesUpTo(
  sql: Sql,
  room: RoomId,
  positions: readonly number[],
): Promise<number[]> {
  const rows = await sql<{ n: number | null }[]>`
    SELECT (SELECT n FROM facts WHERE room_id = ${room} AND seq <= p.seq ORDER BY seq DESC LIMIT 1) AS n
    FROM unnest(${[...positions]}::bigint[]) WITH ORDINALITY AS p (seq, i) ORDER BY p.i`;
  return rows.map(({ n }) => n ?? 0);
}
