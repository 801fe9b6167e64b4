import type { Sql, TransactionSql } from "postgres";
import { v7 as uuidv7 } from "uuid";

import { NoticeId, type RoomId, type UserId } from "../../protocol/ids.ts";
import type { Notice } from "../../protocol/reports.ts";
import { iso } from "./facts.ts";

/** What some people are to be told. */
export interface NewNotice extends Omit<Notice, "id" | "room"> {
  users: readonly UserId[];
  room: RoomId;
}

/** A notice, and whose it is. */
export interface AddressedNotice {
  user: UserId;
  notice: Notice;
}

/** Writes down what people are to be told, in the transaction of what it is about. */
export async function addNotices(
  tx: TransactionSql,
  { users, room, kind, at, ...data }: NewNotice,
): Promise<AddressedNotice[]> {
  const added = users.map((user) => ({
    user,
    notice: { id: NoticeId.parse(uuidv7()), kind, room, at, ...data },
  }));
  await tx`
    INSERT INTO notices (id, user_id, room_id, kind, data, at)
    SELECT n.id, n.user_id, ${room}::uuid, ${kind}, ${JSON.stringify(data)}::text::jsonb, ${at}::text::timestamptz
    FROM unnest(${added.map(({ notice }) => notice.id)}::uuid[],
      ${added.map(({ user }) => user)}::uuid[]) AS n (id, user_id)`;
  return added;
}

/** What someone was told, the newest first. */
export async function listNotices(
  sql: Sql,
  ask: { user: UserId; before: NoticeId | null; limit: number },
): Promise<Notice[]> {
  const rows = await sql<(Pick<Notice, "id" | "kind" | "room" | "at"> & { data: object })[]>`
    SELECT id, kind, room_id AS room, data, ${iso(sql, "at")} AS at FROM notices
    WHERE user_id = ${ask.user} ${ask.before === null ? sql`` : sql`AND id < ${ask.before}`}
    ORDER BY id DESC LIMIT ${ask.limit}`;
  return rows.map(({ data, ...row }) => ({ ...row, ...data }));
}
