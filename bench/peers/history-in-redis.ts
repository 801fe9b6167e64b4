import { createAdapter } from "@socket.io/redis-adapter";
import { Redis } from "ioredis";

import type { PeerMessage } from "./message.ts";
import { serveSocketIo } from "./socket-io-gateway.ts";

// Catching up as one writes it by hand: whoever comes back has a page of the room's stream read.
const redis = new Redis(process.env["REDIS_URL"] ?? "");
const stream = (room: string) => `chat:log:${room}`;
const PAGE = 200;

serveSocketIo(
  { adapter: createAdapter(redis, redis.duplicate()) },
  {
    keep: (message) => redis.xadd(stream(message.room), "*", "message", JSON.stringify(message)),
    missed: async (room, since) => {
      const entries = await redis.xrange(stream(room), `(${since}`, "+", "COUNT", PAGE);
      return entries.map(([, fields]) => JSON.parse(fields[1] ?? "") as PeerMessage);
    },
  },
);
