import { createAdapter } from "@socket.io/redis-adapter";
import { Redis } from "ioredis";
import postgres from "postgres";

import { readRows } from "./history.ts";
import { serveSocketIo } from "./socket-io-gateway.ts";

// Catching up as one writes it by hand: whoever comes back has a page of the room's rows read.
const redis = new Redis(process.env["REDIS_URL"] ?? "");
const sql = postgres(process.env["DATABASE_URL"] ?? "", { onnotice: () => {} });

await sql`
  CREATE TABLE IF NOT EXISTS messages (
    room text NOT NULL,
    seq bigint GENERATED ALWAYS AS IDENTITY,
    message jsonb NOT NULL,
    PRIMARY KEY (room, seq)
  )`;
serveSocketIo(
  { adapter: createAdapter(redis, redis.duplicate()) },
  {
    keep: async (message) => {
      await sql`
        INSERT INTO messages (room, message)
        VALUES (${message.room}, ${sql.json(message as unknown as postgres.JSONValue)})`;
    },
    missed: (room, since) => readRows(sql, room, since),
  },
);
