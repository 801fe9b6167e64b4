import { hash, randomBytes } from "node:crypto";

import { v7 as uuidv7 } from "uuid";

import { type RoomId, UserId } from "../../protocol/ids.ts";
import type { User } from "../../protocol/shapes.ts";
import type { Store } from "./connection.ts";
import { findUser } from "./users.ts";

/** What every bot's token begins with: so that nobody takes it for a JWT, and scanners for leaks find it. */
export const BOT_TOKEN_PREFIX = "eddybot_";
const TOKEN_BYTES = 32;

/** Makes a bot that is a member of a room, and its token, which nobody can read again. */
export async function createBot(
  { sql }: Store,
  bot: { room: RoomId; name: string; by: UserId },
): Promise<{ id: UserId; token: string }> {
  const id = UserId.parse(uuidv7());
  const token = BOT_TOKEN_PREFIX + randomBytes(TOKEN_BYTES).toString("base64url");
  await sql.begin(async (tx) => {
    await tx`
      INSERT INTO users (id, kind, name, handle, meetings)
      VALUES (${id}, 'bot', ${bot.name}, ${`bot-${id.slice(-6)}`}, false)`;
    await tx`
      INSERT INTO bots (user_id, room_id, token_hash, by_id)
      VALUES (${id}, ${bot.room}, ${hashOf(token)}, ${bot.by})`;
    await tx`
      INSERT INTO members (room_id, user_id, role, notify) VALUES (${bot.room}, ${id}, 'member', 'none')`;
  });
  return { id, token };
}

/** Whose token this is; null when it is nobody's. */
export async function findBot(store: Store, token: string): Promise<User | null> {
  const [row] = await store.sql<{ user_id: UserId }[]>`
    SELECT user_id FROM bots WHERE token_hash = ${hashOf(token)}`;
  return row === undefined ? null : findUser(store, row.user_id);
}

/** Bots of a room whose tokens are good. */
export async function listBots({ sql }: Store, room: RoomId): Promise<UserId[]> {
  const rows = await sql<{ user_id: UserId }[]>`
    SELECT user_id FROM bots WHERE room_id = ${room} AND token_hash IS NOT NULL ORDER BY user_id`;
  return rows.map(({ user_id: id }) => id);
}

/** Ends a bot's token; what it said stays. False when the room has no such bot. */
export async function endBot(
  { sql }: Store,
  { room, user }: { room: RoomId; user: UserId },
): Promise<boolean> {
  const rows = await sql`
    UPDATE bots SET token_hash = NULL
    WHERE room_id = ${room} AND user_id = ${user} AND token_hash IS NOT NULL RETURNING 1`;
  return rows.length > 0;
}

function hashOf(token: string): Buffer {
  return hash("sha256", token, "buffer");
}
