import { Redis } from "ioredis";

import { startEmbeddedPostgres } from "../embedded/postgres.ts";
import { startEmbeddedRedis } from "../embedded/redis.ts";
import { markCleanStop } from "./clean-stop.ts";
import { keepRunning } from "./keep-running.ts";
import type { Plan } from "./plan.ts";

/** What everything that a launcher starts needs to know. */
export interface Launch {
  plan: Plan;
  say: (line: string) => void;
  /** Aborted when all is to stop. */
  signal: AbortSignal;
  /** How what was started is stopped; the last one first. */
  undo: (() => Promise<void>)[];
}

/** Answers a PostgreSQL to use: the configured one, or one of our own that is kept running. */
export async function openPostgres({ plan, say, signal, undo }: Launch): Promise<string> {
  const { databaseUrl, dataDir } = plan;
  if (databaseUrl !== null) return databaseUrl;
  say("Starting PostgreSQL …");
  const { first, stop } = await keepRunning({
    name: "PostgreSQL",
    start: (before: Awaited<ReturnType<typeof startEmbeddedPostgres>> | null) =>
      startEmbeddedPostgres({
        dataDir,
        ...(before === null ? {} : { port: before.port }),
        onProgress: say,
      }),
    say,
    signal,
  });
  undo.push(stop);
  return first.url;
}

/** Answers a Redis to use: the configured one, or one of our own that is kept running. */
export async function openRedis({ plan, say, signal, undo }: Launch): Promise<string> {
  const { redisUrl, dataDir } = plan;
  if (redisUrl !== null) {
    await greet(redisUrl);
    return redisUrl;
  }
  say("Starting Redis …");
  const { first, stop } = await keepRunning({
    name: "Redis",
    start: (before: Awaited<ReturnType<typeof startEmbeddedRedis>> | null) =>
      startEmbeddedRedis({
        dataDir,
        ...(before === null ? {} : { port: before.port }),
        onProgress: say,
      }),
    say,
    signal,
  });
  undo.push(async () => {
    // Redis may be away at this very moment; then the next start makes its rooms anew.
    await markCleanStop(first.url).catch(() => {});
    await stop();
  });
  return first.url;
}

async function greet(redisUrl: string): Promise<void> {
  const redis = new Redis(redisUrl, {
    lazyConnect: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    connectTimeout: 5_000,
  });
  redis.on("error", () => {});
  try {
    await redis.connect();
    await redis.ping();
  } catch (error) {
    throw new Error("The Redis in REDIS_URL does not answer", { cause: error });
  } finally {
    redis.disconnect();
  }
}
