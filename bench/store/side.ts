import { setTimeout } from "node:timers/promises";

import { Redis } from "ioredis";
import postgres from "postgres";

import { newRooms } from "../chat-message.ts";
import { cpuSeconds, cpuSecondsOfTree } from "../cpu-time.ts";
import { type NodeProcess, startNode } from "../start-node.ts";
import {
  startTemporaryPostgres,
  startTemporaryRedis,
  type TemporaryServer,
} from "../temporary-stores.ts";
import type { Design, Place } from "./design.ts";
import { type Lag, readLag } from "./lag.ts";
import type { Load } from "./producer.ts";

/** A design at work, with a Redis and a Postgres of its own: no other design's work is charged to it. */
export interface Side {
  name: string;
  versions: Record<string, string>;
  /** Carries out a load to the last commit. Errors: when a message is lost or doubled. */
  run: (load: Omit<Load, "rooms">) => Promise<Leg>;
  close: () => Promise<void>;
}

/** What one load took. */
export interface Leg {
  messages: number;
  /** From the first message to the last commit. */
  seconds: number;
  /** CPU-seconds of each process. */
  cpu: Record<Part, number>;
  lag: Lag;
}

export const parts = ["producer", "worker", "redis", "postgres"] as const;
export type Part = (typeof parts)[number];

const ROOMS = 100;
/** Few enough for every leg to trim as much as it appends, as in a room that has been in use for long. */
const HOT_LOG_KEEP = 100;
const DRAINED_CHECK_MS = 20;

/** Starts everything that a design needs. */
export async function openSide(design: Design): Promise<Side> {
  const [redis, pg] = await Promise.all([
    startTemporaryRedis(),
    startTemporaryPostgres({ track_commit_timestamp: "on" }),
  ]);
  const place: Place = {
    redis: new Redis(redis.url, { maxRetriesPerRequest: null }),
    sql: postgres(pg.url, { max: 1, onnotice: () => {} }),
    redisUrl: redis.url,
    databaseUrl: pg.url,
  };
  const rooms = newRooms(ROOMS);
  await design.prepare(place, rooms);
  const env = {
    REDIS_URL: redis.url,
    DATABASE_URL: pg.url,
    HOT_LOG_KEEP: String(HOT_LOG_KEEP),
    ...design.env,
  };
  const [producer, worker] = await Promise.all([
    startNode(design.producer, env),
    startNode(design.worker, env),
  ]);
  const running = { producer, worker, redis, postgres: pg };
  let accepted = 0;
  return {
    name: design.name,
    versions: await readVersions(place),
    run: async (load) => {
      const leg = await runLeg(design, place, running, { ...load, rooms });
      accepted += load.messages;
      const stored = await design.countStored(place);
      if (stored !== accepted) {
        throw new Error(`${design.name}: ${accepted} messages accepted, ${stored} in Postgres`);
      }
      return leg;
    },
    close: async () => {
      await Promise.all([producer.stop(), worker.stop()]);
      place.redis.disconnect();
      await place.sql.end();
      await Promise.all([redis.close(), pg.close()]);
    },
  };
}

interface Running {
  producer: NodeProcess;
  worker: NodeProcess;
  redis: TemporaryServer;
  postgres: TemporaryServer;
}

async function runLeg(design: Design, place: Place, running: Running, load: Load): Promise<Leg> {
  const since = new Date();
  const start = performance.now();
  const before = readCpu(running);
  await running.producer.ask(load);
  while (!(await design.isDrained(place))) await setTimeout(DRAINED_CHECK_MS);
  const after = readCpu(running);
  return {
    messages: load.messages,
    seconds: (performance.now() - start) / 1_000,
    cpu: {
      producer: after.producer - before.producer,
      worker: after.worker - before.worker,
      redis: after.redis - before.redis,
      postgres: after.postgres - before.postgres,
    },
    lag: await readLag(place.sql, design.table, since),
  };
}

function readCpu({ producer, worker, redis, postgres: pg }: Running): Record<Part, number> {
  return {
    producer: cpuSeconds(producer.pid),
    worker: cpuSeconds(worker.pid),
    redis: cpuSecondsOfTree(redis.pid),
    postgres: cpuSecondsOfTree(pg.pid),
  };
}

async function readVersions({ redis, sql }: Place): Promise<Record<string, string>> {
  const [row] = await sql<{ server_version: string }[]>`SHOW server_version`;
  return {
    Redis: /^redis_version:(\S+)/mu.exec(await redis.info("server"))?.[1] ?? "unknown",
    PostgreSQL: row?.server_version ?? "unknown",
  };
}
