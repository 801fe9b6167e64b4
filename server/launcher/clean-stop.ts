import { Redis } from "ioredis";

import { runIdOf } from "../../db/redis/connection.ts";
import { keys } from "../../db/redis/keys.ts";

/**
 * Tells the next start that this run of Redis lost nothing (G7). Only true as its very last write,
 * after everyone who appends has gone, and when Redis is then asked to stop, not killed.
 */
export async function markCleanStop(redisUrl: string): Promise<void> {
  const redis = new Redis(redisUrl, {
    lazyConnect: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
  });
  redis.on("error", () => {});
  try {
    await redis.connect();
    await redis.set(keys.cleanStop, runIdOf(await redis.info("server")));
  } finally {
    redis.disconnect();
  }
}
