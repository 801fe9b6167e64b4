import { Redis, type RedisOptions } from "ioredis";

import { Refusal } from "../../protocol/errors.ts";

/** Longest wait for a reply before its outcome counts as unknown. */
const COMMAND_TIMEOUT_MS = 3_000;

/**
 * Options for connections that carry out commands for people who wait.
 *
 * Nothing is queued while Redis is away and nothing is sent twice: ioredis would resend what was
 * unanswered to whatever Redis comes back, and an append meant for one run must never reach another
 * (see RedisLink). `maxRetriesPerRequest: 0` is what settles the unanswered ones; without it their
 * promises would never end. Auto-pipelining stays off: it makes an append slower.
 */
const failFast = {
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  commandTimeout: COMMAND_TIMEOUT_MS,
  connectTimeout: 2_000,
  retryStrategy,
} satisfies RedisOptions;

/** BullMQ backs off up to what this says: past 500 ms a worker takes seconds to come back. */
function retryStrategy(attempts: number): number {
  return Math.min(20 * 2 ** Math.min(attempts, 5), 500);
}

/** A connection to Redis that knows which run of the server it talks to. */
export interface RedisLink {
  readonly redis: Redis;
  /** Run id of the server at the other end, as long as this very connection stands. */
  run(): string;
  isReady(): boolean;
  close(): void;
}

export interface ConnectOptions {
  url: string;
  name: string;
  /** Told of every connection error; ioredis reconnects by itself. */
  onError: (error: Error) => void;
}

/**
 * Connects for appends and reads. Resolves when the first connection stands.
 *
 * A restarted Redis may have lost its last second. Its connections always break with it, so binding
 * the run id to the connection makes "which run did I append to" exact without asking each time.
 */
export async function connectRedis({ url, name, onError }: ConnectOptions): Promise<RedisLink> {
  const redis = new Redis(url, { ...failFast, connectionName: name, lazyConnect: true });
  let run: string | null = null;
  redis.on("error", onError);
  redis.on("close", () => {
    run = null;
  });
  const learnRun = async () => {
    run = runIdOf(await redis.info("server"));
  };
  redis.on("ready", () => {
    learnRun().catch((error: unknown) => {
      onError(error instanceof Error ? error : new Error(String(error)));
      redis.disconnect(true);
    });
  });
  await redis.connect();
  await learnRun();
  return {
    redis,
    run: () => {
      if (run === null) throw new Refusal("unavailable", "Redis is away; try again in a moment.");
      return run;
    },
    isReady: () => run !== null,
    close: () => redis.disconnect(),
  };
}

/** A connection that only listens; it subscribes again by itself after a break. */
export async function connectSubscriber({ url, name, onError }: ConnectOptions): Promise<Redis> {
  const redis = new Redis(url, {
    connectionName: name,
    lazyConnect: true,
    maxRetriesPerRequest: null,
    connectTimeout: 2_000,
    retryStrategy,
  });
  redis.on("error", onError);
  await redis.connect();
  return redis;
}

/** The run id in an `INFO server` reply. */
export function runIdOf(info: string): string {
  const found = /^run_id:(\w+)/mu.exec(info)?.[1];
  if (found === undefined) throw new Error("INFO server names no run_id");
  return found;
}
