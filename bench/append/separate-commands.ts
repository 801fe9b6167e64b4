import { Redis } from "ioredis";

import type { RoomId } from "../../protocol/ids.ts";
import type { ChatMessage } from "../chat-message.ts";
import type { Appender } from "./appender.ts";

/**
 * The same effects as an expert writes them by hand: one command after another, each with its own
 * round trip. Two senders may interleave anywhere: the ban that falls between the check and the
 * write, the repeat that comes before the first is noted. That is what the script is for; here it
 * only has to be as fast as it can.
 */
export function separateCommands(
  redisUrl: string,
  options: { enableAutoPipelining: boolean },
): Appender {
  const redis = new Redis(redisUrl, options);
  return {
    name: options.enableAutoPipelining ? "commands, auto-pipelined" : "separate commands",
    open: async (room) => {
      await redis.hset(keys.sanctions(room), "loaded", "1");
    },
    append: (message) => append(redis, message),
    readSeqs: async (room) => {
      const entries = await redis.xrange(keys.log(room), "-", "+");
      return entries.map(([, fields]) => Number(fields[1]));
    },
    close: () => redis.disconnect(),
  };
}

const keys = {
  log: (room: RoomId) => `chat:log:${room}`,
  seq: (room: RoomId) => `chat:seq:${room}`,
  dedupe: (room: RoomId) => `chat:dedupe:${room}`,
  sanctions: (room: RoomId) => `chat:sanctions:${room}`,
  feed: (room: RoomId) => `chat:feed:${room}`,
  dirty: "chat:dirty",
};

async function append(redis: Redis, message: ChatMessage): Promise<number> {
  const { room, author, clientId, text, at } = message;
  const sendKey = `${author.id}:${clientId}`;
  const known = await redis.hget(keys.dedupe(room), sendKey);
  if (known !== null) return Number(known);
  const sanctions = [`ban:${author.id}`, `mute:${author.id}`];
  const [loaded, ...bars] = await redis.hmget(keys.sanctions(room), "loaded", ...sanctions);
  if (loaded === null || bars.some((bar) => bar !== null)) throw new Error("Nobody is barred here");
  const seq = await redis.incr(keys.seq(room));
  const fact = JSON.stringify({
    seq,
    type: "message.sent",
    at,
    by: author,
    clientId,
    text,
    mentions: [],
  });
  await redis.xadd(keys.log(room), "*", "seq", seq, "fact", fact);
  await redis.hset(keys.dedupe(room), sendKey, seq);
  await redis.zadd(keys.dirty, "NX", Date.now(), room);
  await redis.publish(keys.feed(room), fact);
  return seq;
}
