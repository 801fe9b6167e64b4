import { Queue } from "bullmq";
import { Redis } from "ioredis";

import { separateCommands } from "../append/separate-commands.ts";
import { type ByHandJob, byHandQueue } from "./by-hand-queue.ts";
import { serveProducer } from "./producer.ts";

// One job for each message. Without effects nobody looks after order, repeats and bans, and nobody
// is told of the message.
const url = process.env["REDIS_URL"] ?? "";
const queue = new Queue<ByHandJob>(byHandQueue, {
  connection: new Redis(url, { maxRetriesPerRequest: null }),
});
const effects =
  process.env["WITH_EFFECTS"] === "1"
    ? separateCommands(url, { enableAutoPipelining: false })
    : null;
await queue.waitUntilReady();
serveProducer(async (message) => {
  const seq = effects === null ? null : await effects.append(message);
  await queue.add("message", { ...message, seq }, { removeOnComplete: true, attempts: 3 });
});
