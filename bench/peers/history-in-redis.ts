import { createAdapter } from "@socket.io/redis-adapter";
import { Redis } from "ioredis";

import { readStream, streamOf } from "./history.ts";
import { serveSocketIo } from "./socket-io-gateway.ts";

// Catching up as one writes it by hand: whoever comes back has a page of the room's stream read.
const redis = new Redis(process.env["REDIS_URL"] ?? "");

serveSocketIo(
  { adapter: createAdapter(redis, redis.duplicate()) },
  {
    keep: (message) => redis.xadd(streamOf(message.room), "*", "message", JSON.stringify(message)),
    missed: (room, since) => readStream(redis, room, since),
  },
);
