import type { RoomId } from "../../protocol/ids.ts";
import type { RedisLink } from "./connection.ts";
import { BUCKETS, keys } from "./keys.ts";

const MOST_ROOMS_PER_BUCKET = 500;

/** Rooms with facts that are not stored, those that wait longest first in each bucket. */
export async function readDirtyRooms(
  { redis }: RedisLink,
  options: { dirtyBeforeMs?: number } = {},
): Promise<RoomId[]> {
  const upTo = options.dirtyBeforeMs ?? "+inf";
  const pipeline = redis.pipeline();
  for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
    pipeline.zrangebyscore(keys.dirty(bucket), "-inf", upTo, "LIMIT", 0, MOST_ROOMS_PER_BUCKET);
  }
  return values<RoomId[]>(await pipeline.exec()).flat();
}

/** What waits to be stored. */
export interface Backlog {
  rooms: number;
  facts: number;
  /** How long the oldest has waited (ms). */
  oldestMs: number;
}

/** Sums up what waits to be stored, in two round trips. */
export async function readBacklog(link: RedisLink, now: number): Promise<Backlog> {
  const { redis } = link;
  const pipeline = redis.pipeline();
  for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
    const key = keys.dirty(bucket);
    pipeline.zrangebyscore(key, "-inf", "+inf", "WITHSCORES", "LIMIT", 0, MOST_ROOMS_PER_BUCKET);
  }
  const pairs = values<string[]>(await pipeline.exec()).flat();
  const rooms = pairs.filter((_, i) => i % 2 === 0) as RoomId[];
  const since = pairs.filter((_, i) => i % 2 === 1).map(Number);
  const standings = redis.pipeline();
  for (const room of rooms) standings.hmget(keys.meta(room), "head", "stored", "base", "gap");
  const metas = rooms.length === 0 ? [] : values<(string | null)[]>(await standings.exec());
  const facts = metas.reduce((sum, meta) => {
    const [head = 0, stored = 0, base = 0, gap = 0] = meta.map(Number);
    return sum + head - stored - (stored < base && head > base ? gap : 0);
  }, 0);
  return {
    rooms: rooms.length,
    facts,
    oldestMs: since.length === 0 ? 0 : Math.max(0, now - Math.min(...since)),
  };
}

function values<T>(replies: [Error | null, unknown][] | null): T[] {
  return (replies ?? []).map(([error, value]) => {
    if (error !== null) throw error;
    return value as T;
  });
}
