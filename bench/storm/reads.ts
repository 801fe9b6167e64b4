import { Redis } from "ioredis";
import postgres from "postgres";

import { openStore } from "../../db/postgres/connection.ts";
import { connectRedis } from "../../db/redis/connection.ts";
import { RoomId } from "../../protocol/ids.ts";
import { HeldBytes } from "../../server/feed/shared-log.ts";
import { openSharedReads } from "../../server/feed/shared-reads.ts";
import type { Running } from "../fan-out/design.ts";
import { readRows, readStream } from "../peers/history.ts";

/** Reads of what one client missed, over the connections that a gateway has. */
export interface Reads {
  /** Forgets what it has read, if it would otherwise answer from that. */
  begin?: () => void;
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
  const stores = { link, store };
  const open = () =>
    openSharedReads(stores, RoomId.parse(rooms[0]), {
      now: () => performance.now(),
      held: new HeldBytes(Infinity),
    }).log;
  let log = open();
  return {
    begin: () => {
      log = open();
    },
    read: async () => (await log.after(0, 200)).facts.length,
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
