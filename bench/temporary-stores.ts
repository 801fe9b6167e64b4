import { rmSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { startEmbeddedPostgres } from "../server/embedded/postgres.ts";
import { startEmbeddedRedis } from "../server/embedded/redis.ts";

/** A real server of a benchmark's own, with the settings of `npm start`. */
export interface TemporaryServer {
  url: string;
  pid: number;
  /** Stops it and removes its data. */
  close: () => Promise<void>;
}

/** Starts a Redis with empty data. */
export function startTemporaryRedis(): Promise<TemporaryServer> {
  return startTemporary((dataDir) => startEmbeddedRedis({ dataDir, onProgress: () => {} }));
}

/** Starts a PostgreSQL with empty data; more settings may be given. */
export function startTemporaryPostgres(settings: Record<string, string>): Promise<TemporaryServer> {
  return startTemporary((dataDir) =>
    startEmbeddedPostgres({ dataDir, settings, onProgress: () => {} }),
  );
}

interface Started {
  url: string;
  child: { pid?: number | undefined; kill: (signal: NodeJS.Signals) => boolean };
  stop: () => Promise<void>;
}

async function startTemporary(
  start: (dataDir: string) => Promise<Started>,
): Promise<TemporaryServer> {
  const dataDir = await mkdtemp(path.join(tmpdir(), "eddy-bench-"));
  // Started by root, PostgreSQL runs as another user, who must reach it.
  await chmod(dataDir, 0o755);
  const { url, child, stop } = await start(dataDir);
  const killAtExit = () => {
    child.kill("SIGKILL");
    rmSync(dataDir, { recursive: true, force: true });
  };
  process.once("exit", killAtExit);
  return {
    url,
    pid: child.pid ?? NaN,
    close: async () => {
      await stop();
      process.off("exit", killAtExit);
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
