import type { ChildProcess } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";

import { Redis } from "ioredis";

import { findRedisServer } from "./find-redis.ts";
import { endLeftOver, type Ending } from "./os-process.ts";
import { readSecret } from "./secret-file.ts";
import { startServer } from "./start-server.ts";

/** A Redis of our own. */
export interface EmbeddedRedis {
  url: string;
  port: number;
  child: ChildProcess;
  /** Stops it; its append-only file is flushed. */
  stop: () => Promise<void>;
}

const STOP = { signal: "SIGTERM", patienceMs: 10_000 } as const;
/** Long enough to read a large append-only file. */
const START_DEADLINE_MS = 60_000;

/**
 * Starts a private redis-server on the loopback with its data under `dataDir`: append-only file
 * flushed every second, and never evicting. One that an earlier run left behind on the same data is
 * stopped first: two would ruin the file. Errors: when there is no redis-server, with what to do
 * about it; when it does not start, with its last words.
 */
export async function startEmbeddedRedis(options: {
  dataDir: string;
  port?: number;
  appendfsync?: "always" | "everysec" | "no";
  onProgress: (line: string) => void;
}): Promise<EmbeddedRedis> {
  const binary = await findRedisServer(options.onProgress);
  const dir = path.resolve(options.dataDir, "redis");
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await endEmbeddedRedis(options.dataDir);
  const password = await readSecret(path.join(dir, "password"));
  const config = path.join(dir, "redis.conf");
  const { port, child } = await startServer({
    name: "redis",
    dataDir: options.dataDir,
    pidFile: pidFileIn(options.dataDir),
    port: options.port,
    command: async (chosen) => {
      const lines = settings({ port: chosen, password, dir, appendfsync: options.appendfsync });
      // In a file, not on the command line, where everyone on the machine can read the password.
      await writeFile(config, lines.join("\n"), { mode: 0o600 });
      return { file: binary, args: [config], options: {} };
    },
    serves: (chosen) => answersPing(urlOf(chosen, password)),
    passing: /Address already in use/u,
    deadlineMs: START_DEADLINE_MS,
  });
  return { url: urlOf(port, password), port, child, stop: () => endEmbeddedRedis(options.dataDir) };
}

/** Ends the Redis that runs on a data folder, if one does; its append-only file is flushed. */
export async function endEmbeddedRedis(dataDir: string, ending: Ending = STOP): Promise<void> {
  await endLeftOver(pidFileIn(dataDir), ending);
}

function pidFileIn(dataDir: string): string {
  return path.join(path.resolve(dataDir), "redis", "eddy.pid");
}

function settings(options: {
  port: number;
  password: string;
  dir: string;
  appendfsync: string | undefined;
}): string[] {
  return [
    `port ${options.port}`,
    "bind 127.0.0.1",
    `requirepass ${options.password}`,
    `dir "${options.dir}"`,
    "appendonly yes",
    `appendfsync ${options.appendfsync ?? "everysec"}`,
    // A kill may cut the last entry in half; what stands before it is good.
    "aof-load-truncated yes",
    'save ""',
    "maxmemory-policy noeviction",
    "daemonize no",
  ];
}

function urlOf(port: number, password: string): string {
  return `redis://:${password}@127.0.0.1:${port}`;
}

async function answersPing(url: string): Promise<boolean> {
  const redis = new Redis(url, {
    lazyConnect: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
  });
  redis.on("error", () => {});
  try {
    await redis.connect();
    await redis.ping();
    return true;
  } catch (error) {
    // Someone else's password means someone else's server.
    if (error instanceof Error && error.message.includes("WRONGPASS")) throw error;
    return false;
  } finally {
    redis.disconnect();
  }
}
