import { createAdapter } from "@socket.io/redis-adapter";
import { Redis } from "ioredis";

import { serveSocketIo } from "./socket-io-gateway.ts";

// Socket.IO over several processes: every message is published once and emitted by each.
const publisher = new Redis(process.env["REDIS_URL"] ?? "");
serveSocketIo({ adapter: createAdapter(publisher, publisher.duplicate()) });
