import { createAdapter } from "@socket.io/redis-adapter";
import { Queue } from "bullmq";
import { Redis } from "ioredis";

import type { ChatMessage } from "../chat-message.ts";
import { type ByHandJob, byHandQueue } from "../store/by-hand-queue.ts";
import { serveSocketIo } from "./socket-io-gateway.ts";

// With persistence as one writes it by hand: a job for each message, then an emit.
const publisher = new Redis(process.env["REDIS_URL"] ?? "", { maxRetriesPerRequest: null });
const queue = new Queue<ByHandJob>(byHandQueue, { connection: publisher });
await queue.waitUntilReady();
serveSocketIo(
  { adapter: createAdapter(publisher, publisher.duplicate()) },
  {
    keep: ({ room, by, clientId, text, at }) => {
      const message = { room, author: by, clientId, text, at } as ChatMessage;
      const job = { ...message, seq: null };
      return queue.add("message", job, { removeOnComplete: true, attempts: 3 });
    },
  },
);
