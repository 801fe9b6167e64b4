import { connectRedis } from "../../db/redis/connection.ts";
import { bucketOf, keys } from "../../db/redis/keys.ts";
import { seedRoom } from "../../db/redis/room-log.ts";
import { appendMessage } from "../append-message.ts";
import type { Appender } from "./appender.ts";

const SEED_WITHIN_MS = 10_000;

/** Eddy's way: one script, one round trip, everything or nothing. */
export async function oneScript(redisUrl: string): Promise<Appender> {
  const link = await connectRedis({ url: redisUrl, name: "bench-script", onError: () => {} });
  return {
    name: "Eddy: one script",
    open: async (room) => {
      await seedRoom(link, {
        room,
        run: link.run(),
        deadlineMs: Date.now() + SEED_WITHIN_MS,
        epoch: 1,
        base: 0,
        stored: 0,
        n: 0,
        policy: 1,
        adopt: false,
        lost: null,
        end: 0,
        sanctions: [],
        liftings: [],
        ahead: [],
      });
      // Nobody is barred from the platform: the script has to know, or it refuses everyone.
      await link.redis.hset(keys.barred(bucketOf(room)), "loaded", link.run());
    },
    append: async (message) => (await appendMessage(link, message)).seq,
    readSeqs: async (room) => {
      const entries = await link.redis.xrange(keys.log(room), "-", "+");
      return entries.map(([id]) => Number(id.split("-")[1]));
    },
    close: () => link.close(),
  };
}
