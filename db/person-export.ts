import type { Sql } from "postgres";

import type { UserId } from "../protocol/ids.ts";
import type { Store } from "./postgres/connection.ts";

const PAGE = 500;

/** Everything that is kept about a person beside what they said: a name for each kind, and its rows as JSON. */
const KINDS: [kind: string, rows: (sql: Sql, user: UserId) => PromiseLike<{ data: object }[]>][] = [
  [
    "profile",
    (sql, user) => sql`
      SELECT to_jsonb(u) - 'handle_skeleton' - 'block_revision' AS data FROM users u WHERE id = ${user}`,
  ],
  [
    "membership",
    (sql, user) => sql`
    SELECT jsonb_build_object('room', room_id, 'title', r.title, 'role', role, 'joinedAt', joined_at) AS data
    FROM members m JOIN rooms r ON r.id = m.room_id WHERE user_id = ${user}`,
  ],
  [
    "contact",
    (sql, user) => sql`
    SELECT to_jsonb(c) - 'user_id' AS data FROM contacts c WHERE user_id = ${user}`,
  ],
  [
    "block",
    (sql, user) => sql`
    SELECT to_jsonb(b) - 'user_id' AS data FROM blocks b WHERE user_id = ${user}`,
  ],
  [
    "reaction",
    (sql, user) => sql`
    SELECT to_jsonb(r) - 'user_id' AS data FROM reactions r WHERE user_id = ${user}`,
  ],
  [
    "sanction",
    (sql, user) => sql`
    SELECT to_jsonb(s) - 'expiry_noted' AS data FROM sanctions s WHERE user_id = ${user}`,
  ],
  [
    "platformBan",
    (sql, user) => sql`
    SELECT to_jsonb(b) - 'in_redis' - 'changed_at' AS data FROM platform_bans b WHERE user_id = ${user}`,
  ],
  [
    "report",
    (sql, user) => sql`
    SELECT to_jsonb(r) - 'trust' AS data FROM case_reports r WHERE reporter_id = ${user}`,
  ],
  [
    "heldMessage",
    (sql, user) => sql`
    SELECT jsonb_build_object('room', room_id, 'at', opened_at, 'said', held) AS data
    FROM cases WHERE author_id = ${user} AND held IS NOT NULL`,
  ],
  [
    "removedMessage",
    (sql, user) => sql`
    SELECT jsonb_build_object('seq', seq, 'text', text) AS data FROM removed_texts WHERE author_id = ${user}`,
  ],
  [
    "notice",
    (sql, user) => sql`
    SELECT to_jsonb(n) - 'user_id' AS data FROM notices n WHERE user_id = ${user}`,
  ],
  [
    "invitation",
    (sql, user) => sql`
    SELECT to_jsonb(i) - 'code_hash' AS data FROM invites i WHERE by_id = ${user}`,
  ],
  [
    "webhook",
    (sql, user) => sql`
    SELECT to_jsonb(w) - 'secret' AS data FROM webhooks w WHERE created_by = ${user}`,
  ],
  [
    "act",
    (sql, user) => sql`
    SELECT jsonb_build_object('room', chain, 'at', at, 'action', action, 'target', target_id, 'seq', seq,
      'reason', reason) AS data
    FROM audit WHERE actor_id = ${user} ORDER BY chain, n`,
  ],
];

/**
 * Everything that is kept about a person, as JSON Lines `{kind, data}`: what they are, have and did, and then
 * what they said, room by room, with its present text. It is read as it is sent, however much it is.
 */
export async function* personLines({ sql }: Store, user: UserId): AsyncGenerator<string> {
  for (const [kind, read] of KINDS) {
    for (const { data } of await read(sql, user)) yield lineOf(kind, data);
  }
  let [room, seq] = ["00000000-0000-0000-0000-000000000000", 0];
  for (;;) {
    const page = await sql<{ room: string; seq: number; data: object }[]>`
      SELECT room_id AS room, seq, jsonb_build_object('room', room_id, 'seq', seq, 'at', at, 'text', text,
        'replyTo', reply_to, 'editedAt', edited_at, 'removed', removed_seq IS NOT NULL) AS data
      FROM facts WHERE by_id = ${user} AND type = 'message.sent' AND (room_id, seq) > (${room}, ${seq})
      ORDER BY room_id, seq LIMIT ${PAGE}`;
    const last = page.at(-1);
    if (last === undefined) return;
    yield page.map(({ data }) => lineOf("message", data)).join("");
    ({ room, seq } = last);
  }
}

function lineOf(kind: string, data: object): string {
  return `${JSON.stringify({ kind, data })}\n`;
}
