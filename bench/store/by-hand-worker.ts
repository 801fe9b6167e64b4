import { Worker } from "bullmq";
import { Redis } from "ioredis";
import postgres from "postgres";

import { type ByHandJob, byHandQueue } from "./by-hand-queue.ts";

/** Jobs at once; more than there are connections, so that each always has a next INSERT at hand. */
const CONCURRENCY = 50;

// One INSERT for each job. A job may come twice: the id makes that harmless.
const sql = postgres(process.env["DATABASE_URL"] ?? "", { onnotice: () => {} });
const connection = new Redis(process.env["REDIS_URL"] ?? "", { maxRetriesPerRequest: null });
const worker = new Worker<ByHandJob>(
  byHandQueue,
  async ({ data: { clientId, room, seq, author, text, at } }) => {
    await sql`
      INSERT INTO messages (id, room_id, seq, author_id, author_name, text, at)
      VALUES (${clientId}, ${room}, ${seq}, ${author.id}, ${author.name}, ${text}, ${at})
      ON CONFLICT (id) DO NOTHING`;
  },
  { connection, concurrency: CONCURRENCY },
);
worker.on("error", console.error);
worker.on("failed", (_job, error) => console.error(error));
await worker.waitUntilReady();
process.once("disconnect", () => process.exit(0));
process.send?.({ type: "ready" });
