import { Queue } from "bullmq";

import type { RoomId } from "../../protocol/ids.ts";
import { separateCommands } from "../append/separate-commands.ts";
import { byHandQueue } from "./by-hand-queue.ts";
import type { Design, Place } from "./design.ts";

/** What one writes first: a job for each message, an INSERT for each job. It only stores. */
export const byHand: Design = {
  name: "one job and one INSERT per message",
  producer: new URL("by-hand-producer.ts", import.meta.url),
  worker: new URL("by-hand-worker.ts", import.meta.url),
  env: {},
  prepare: ({ sql }) => createTable(sql),
  isDrained: async ({ redis }) => {
    const queue = new Queue(byHandQueue, { connection: redis });
    const counts = await queue.getJobCounts("wait", "active", "delayed", "prioritized", "failed");
    if ((counts["failed"] ?? 0) > 0) throw new Error(`${counts["failed"]} jobs failed for good`);
    return Object.values(counts).every((count) => count === 0);
  },
  countStored: async ({ sql }) => {
    const [row] = await sql<{ messages: number }[]>`SELECT count(*)::int AS messages FROM messages`;
    return row?.messages ?? 0;
  },
  table: "messages",
};

/** The same with what an append of Eddy's does besides: order, deduplication, sanctions, delivery. */
export const byHandWithEffects: Design = {
  ...byHand,
  name: "the same with order, dedupe, bans, publish",
  env: { WITH_EFFECTS: "1" },
  prepare: async (place, rooms) => {
    await createTable(place.sql);
    await place.sql`CREATE UNIQUE INDEX messages_in_order ON messages (room_id, seq)`;
    await openRooms(place, rooms);
  },
};

async function createTable(sql: Place["sql"]): Promise<void> {
  await sql`
    CREATE TABLE messages (
      id uuid PRIMARY KEY,
      room_id uuid NOT NULL,
      seq bigint,
      author_id uuid NOT NULL,
      author_name text NOT NULL,
      text text NOT NULL,
      at timestamptz(3) NOT NULL
    )`;
  await sql`CREATE INDEX messages_of_room ON messages (room_id, at, id)`;
}

async function openRooms({ redisUrl }: Place, rooms: RoomId[]): Promise<void> {
  const commands = separateCommands(redisUrl, { enableAutoPipelining: false });
  for (const room of rooms) await commands.open(room);
  commands.close();
}
