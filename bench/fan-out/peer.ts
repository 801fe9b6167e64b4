import { setTimeout } from "node:timers/promises";

import { Redis } from "ioredis";
import postgres from "postgres";
import { v7 as uuidv7 } from "uuid";

import { RoomId } from "../../protocol/ids.ts";
import { peerDialect, plainDialect } from "../crowd/peer-dialects.ts";
import { startNode } from "../start-node.ts";
import { readVersions } from "../store-versions.ts";
import { byHand } from "../store/by-hand.ts";
import { startTemporaryPostgres, startTemporaryRedis } from "../temporary-stores.ts";
import type { Design, Running } from "./design.ts";

const GATEWAYS = 2;
const DRAINED_CHECK_MS = 20;

/** What most people run: Socket.IO and its Redis adapter. Stores nothing. */
export const redisAdapter: Design = {
  name: "Socket.IO + Redis adapter",
  isOurs: false,
  dialect: peerDialect,
  start: (rooms) => startPeer(new URL("../peers/redis-adapter.ts", import.meta.url), rooms),
};

/** Socket.IO and its Redis streams adapter, with connection state recovery. Stores nothing for long. */
export const streamsAdapter: Design = {
  name: "Socket.IO + Redis streams adapter",
  isOurs: false,
  dialect: peerDialect,
  start: (rooms) => startPeer(new URL("../peers/streams-adapter.ts", import.meta.url), rooms),
};

/** The limit of one write for each delivery. */
export const plainWs: Design = {
  name: "bare ws + ioredis",
  isOurs: false,
  dialect: plainDialect,
  start: (rooms) => startPeer(new URL("../peers/plain-ws.ts", import.meta.url), rooms),
};

/** With persistence, as one writes it by hand. */
export const jobEach: Design = {
  name: "a job per message + Redis adapter",
  isOurs: false,
  dialect: peerDialect,
  start: startStoringPeer,
};

/** Starts a peer with a Redis of its own, and a PostgreSQL if it wants one. */
export async function startPeer(
  entry: URL,
  rooms: number,
  options: { gateways?: number; env?: Record<string, string>; withPostgres?: boolean } = {},
): Promise<Running> {
  const redis = await startTemporaryRedis();
  // What is only passed on needs no append-only file.
  const admin = new Redis(redis.url);
  await admin.config("SET", "appendonly", "no");
  admin.disconnect();
  const pg = options.withPostgres === true ? await startTemporaryPostgres({}) : null;
  const env = {
    REDIS_URL: redis.url,
    ...(pg === null ? {} : { DATABASE_URL: pg.url }),
    ...options.env,
  };
  const gateways = await startGateways(entry, env, options.gateways);
  return {
    rooms: newRooms(rooms),
    gateways,
    worker: null,
    pids: {
      gateways: gateways.map(({ pid }) => pid),
      worker: [],
      redis: [redis.pid],
      postgres: pg === null ? [] : [pg.pid],
    },
    redisUrl: redis.url,
    databaseUrl: pg?.url ?? null,
    versions: await readVersions(redis.url, null),
    settle: async () => {},
    close: async () => {
      await Promise.all(gateways.map((gateway) => gateway.stop()));
      await Promise.all([redis.close(), pg?.close()]);
    },
  };
}

async function startStoringPeer(count: number): Promise<Running> {
  const [redis, pg] = await Promise.all([startTemporaryRedis(), startTemporaryPostgres({})]);
  const place = {
    redis: new Redis(redis.url, { maxRetriesPerRequest: null }),
    sql: postgres(pg.url, { max: 1, onnotice: () => {} }),
    redisUrl: redis.url,
    databaseUrl: pg.url,
  };
  const rooms = newRooms(count);
  await byHand.prepare(place, rooms);
  const env = { REDIS_URL: redis.url, DATABASE_URL: pg.url };
  const worker = await startNode(byHand.worker, env);
  const gateways = await startGateways(new URL("../peers/job-each.ts", import.meta.url), env);
  return {
    rooms,
    gateways,
    worker,
    pids: {
      gateways: gateways.map(({ pid }) => pid),
      worker: [worker.pid],
      redis: [redis.pid],
      postgres: [pg.pid],
    },
    redisUrl: redis.url,
    databaseUrl: pg.url,
    versions: await readVersions(redis.url, place.sql),
    settle: async (accepted) => {
      while (!(await byHand.isDrained(place))) await setTimeout(DRAINED_CHECK_MS);
      const stored = await byHand.countStored(place);
      if (stored !== accepted) throw new Error(`${accepted} accepted, ${stored} in Postgres`);
    },
    close: async () => {
      await Promise.all([worker, ...gateways].map((each) => each.stop()));
      place.redis.disconnect();
      await place.sql.end();
      await Promise.all([redis.close(), pg.close()]);
    },
  };
}

function startGateways(entry: URL, env: Record<string, string>, count = GATEWAYS) {
  return Promise.all(Array.from({ length: count }, () => startNode(entry, env)));
}

function newRooms(count: number) {
  return Array.from({ length: count }, () => RoomId.parse(uuidv7()));
}
