import { createAdapter } from "@socket.io/redis-streams-adapter";
import { Redis } from "ioredis";

import { serveSocketIo } from "./socket-io-gateway.ts";

// Socket.IO that hands out again what a short absence missed: messages go through a stream.
serveSocketIo({
  adapter: createAdapter(new Redis(process.env["REDIS_URL"] ?? "")),
  connectionStateRecovery: {},
});
