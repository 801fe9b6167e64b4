import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout } from "node:timers/promises";

import { Redis } from "ioredis";

import { findRedisServer } from "./find-redis.ts";
import { freePort } from "./free-port.ts";
import { endLeftOver, writePidFile } from "./os-process.ts";
import { readSecret } from "./secret-file.ts";

/** A Redis of our own. */
export interface EmbeddedRedis {
  url: string;
  port: number;
  child: ChildProcess;
  /** Stops it; its append-only file is flushed. */
  stop: () => Promise<void>;
}

const STOP = { signal: "SIGTERM", patienceMs: 10_000 } as const;
const START_DEADLINE_MS = 30_000;

/**
 * Starts a private redis-server on the loopback with its data under `dataDir`: append-only file
 * flushed every second, and never evicting. One that an earlier run left behind on the same data is
 * stopped first. Errors: when there is no redis-server, with what to do about it.
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
  const pidFile = path.join(dir, "eddy.pid");
  await endLeftOver(pidFile, STOP);
  const password = await readSecret(path.join(dir, "password"));
  const port = options.port ?? (await freePort());
  const config = path.join(dir, "redis.conf");
  // In a file, not on the command line, where everyone on the machine can read the password.
  await writeFile(
    config,
    [
      `port ${port}`,
      "bind 127.0.0.1",
      `requirepass ${password}`,
      `dir "${dir}"`,
      "appendonly yes",
      `appendfsync ${options.appendfsync ?? "everysec"}`,
      "aof-load-truncated yes",
      'save ""',
      "maxmemory-policy noeviction",
      "daemonize no",
    ].join("\n"),
    { mode: 0o600 },
  );
  // A group of its own: Ctrl-C in the terminal goes to the launcher, which stops Redis last.
  const child = spawn(binary, [config], { stdio: ["ignore", "pipe", "pipe"], detached: true });
  const log = createWriteStream(path.join(dir, "redis.log"), { flags: "a" });
  child.stdout.pipe(log);
  child.stderr.pipe(log, { end: false });
  if (child.pid !== undefined) await writePidFile(pidFile, child.pid);
  const url = `redis://:${password}@127.0.0.1:${port}`;
  await answersPing(url, child, path.join(dir, "redis.log"));
  return { url, port, child, stop: () => endLeftOver(pidFile, STOP) };
}

async function answersPing(url: string, child: ChildProcess, log: string): Promise<void> {
  const deadline = Date.now() + START_DEADLINE_MS;
  while (Date.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null) break;
    const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 });
    redis.on("error", () => {});
    try {
      await redis.connect();
      await redis.ping();
      return;
    } catch {
      await setTimeout(20);
    } finally {
      redis.disconnect();
    }
  }
  throw new Error(`redis-server did not start; see ${log}.`);
}

