import { Redis } from "ioredis";
import postgres from "postgres";

import { readAfter } from "../../db/history.ts";
import { openStore } from "../../db/postgres/connection.ts";
import { connectRedis } from "../../db/redis/connection.ts";
import { RoomId } from "../../protocol/ids.ts";
import type { Running } from "../fan-out/design.ts";
import { readRows, readStream } from "../peers/history.ts";

/** Reads of what one client missed, over the connections that a gateway has. */
export interface Reads {
  /** Answers how many messages it read. */
  read: () => Promise<number>;
  close: () => void;
}

/** As many as a gateway of Eddy's has. */
const CONNECTIONS = 8;

export async function openEddyReads({ redisUrl, databaseUrl, rooms }: Running): Promise<Reads> {
  const link = await connectRedis({ url: redisUrl, name: "bench-reads", onError: console.error });
  const store = openStore({
    url: databaseUrl ?? "",
    name: "bench-reads",
    connections: CONNECTIONS,
  });
  const room = RoomId.parse(rooms[0]);
  return {
    read: async () => {
      const { facts } = await readAfter({ link, store }, { room, after: 0, limit: 200 });
      return facts.length;
    },
    close: () => {
      link.close();
      void store.close();
    },
  };
}

export async function openRedisReads({ redisUrl, rooms: [room = ""] }: Running): Promise<Reads> {
  const redis = new Redis(redisUrl);
  await redis.ping();
  return {
    read: async () => (await readStream(redis, room, "0")).length,
    close: () => redis.disconnect(),
  };
}

export async function openPostgresReads(running: Running): Promise<Reads> {
  const sql = postgres(running.databaseUrl ?? "", { max: CONNECTIONS, onnotice: () => {} });
  await sql`SELECT 1`;
  return {
    read: async () => (await readRows(sql, running.rooms[0] ?? "", "0")).length,
    close: () => void sql.end(),
  };
}
