import type { RoomId, UserId } from "../../protocol/ids.ts";
import type { RedisLink } from "./connection.ts";
import { keys } from "./keys.ts";

/** Someone counts as here for this long after their gateway last said so: a killed gateway's people go by themselves. */
const PRESENCE_TTL_MS = 30_000;

/** Says who is here on this gateway: new people, or a sign of life for those who stay. */
export async function notePresent(
  { redis }: RedisLink,
  room: RoomId,
  users: readonly UserId[],
): Promise<void> {
  if (users.length === 0) return;
  const until = Date.now() + PRESENCE_TTL_MS;
  await redis
    .pipeline()
    .zadd(keys.presence(room), ...users.flatMap((user) => [until, user]))
    .pexpire(keys.presence(room), PRESENCE_TTL_MS * 2)
    .zadd(keys.here, until, room)
    .exec();
}

/** Rooms where people are, and how many: the fullest of those that were heard of last. */
export async function readPeopled(
  link: RedisLink,
  most: number,
): Promise<{ room: RoomId; present: number }[]> {
  const replies = await link.redis
    .pipeline()
    .zremrangebyscore(keys.here, "-inf", Date.now())
    .zrevrange(keys.here, 0, most - 1)
    .exec();
  const [error, found] = replies?.[1] ?? [null, []];
  if (error !== null) throw error;
  const rooms = found as RoomId[];
  const counts = await countPresent(link, rooms);
  return rooms.map((room, i) => ({ room, present: counts[i] ?? 0 }));
}

/** People left. Another gateway where they still are says so again within seconds. */
export async function noteAbsent(
  { redis }: RedisLink,
  room: RoomId,
  users: readonly UserId[],
): Promise<void> {
  if (users.length > 0) await redis.zrem(keys.presence(room), ...users);
}

/** How many are here, and the latest of them. */
export async function readPresent(
  { redis }: RedisLink,
  room: RoomId,
  sample: number,
): Promise<{ count: number; users: UserId[] }> {
  const key = keys.presence(room);
  const replies = await redis
    .pipeline()
    .zremrangebyscore(key, "-inf", Date.now())
    .zcard(key)
    .zrevrange(key, 0, sample - 1)
    .exec();
  const [, count, users] = (replies ?? []).map(([error, value]) => {
    if (error !== null) throw error;
    return value;
  });
  return { count: Number(count), users: (users ?? []) as UserId[] };
}

/** How many are here, room by room. */
export async function countPresent(
  { redis }: RedisLink,
  rooms: readonly RoomId[],
): Promise<number[]> {
  if (rooms.length === 0) return [];
  const pipeline = redis.pipeline();
  const now = Date.now();
  for (const room of rooms) pipeline.zcount(keys.presence(room), now, "+inf");
  return ((await pipeline.exec()) ?? []).map(([, count]) => Number(count ?? 0));
}
