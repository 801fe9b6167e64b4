import type { ChildProcess } from "node:child_process";
import { mkdir, readFile, readlink } from "node:fs/promises";
import path from "node:path";

import postgres from "postgres";

import { initializePostgres } from "./initialize-postgres.ts";
import { endLeftOver, endProcess, type Ending } from "./os-process.ts";
import { pgFreeEnvironment } from "./pg-free-environment.ts";
import { findPostgresHome } from "./postgres-home.ts";
import { readSecret } from "./secret-file.ts";
import { startServer } from "./start-server.ts";

/** A PostgreSQL of our own. */
export interface EmbeddedPostgres {
  url: string;
  port: number;
  child: ChildProcess;
  stop: () => Promise<void>;
}

/** SIGINT is PostgreSQL's fast shutdown: it rolls back what is open and writes a checkpoint. */
const STOP = { signal: "SIGINT", patienceMs: 15_000 } as const;
/** Long enough to recover what a kill left open. */
const START_DEADLINE_MS = 60_000;
const WRONG_PASSWORD = "28P01";
const DATABASE = "eddy";
/** The port was taken meanwhile, or the backends of one that was killed are still on their way out. */
const PASSING =
  /Address already in use|could not create any TCP|lock file ".*" already exists|still in use/u;

/**
 * Starts the PostgreSQL that npm ships, on the loopback, with its data under `dataDir`. One that an
 * earlier run left behind on the same data is stopped first; a first start that was interrupted is
 * begun anew. Errors: what to do when it cannot run here; its last words when it does not start.
 */
export async function startEmbeddedPostgres(options: {
  dataDir: string;
  port?: number;
  settings?: Record<string, string>;
  onProgress: (line: string) => void;
}): Promise<EmbeddedPostgres> {
  const ours = path.resolve(options.dataDir);
  await mkdir(ours, { recursive: true });
  await endEmbeddedPostgres(ours);
  const home = await findPostgresHome(ours, options.onProgress);
  await endUnnoted(home.data);
  const password = await readSecret(path.join(ours, "postgres.password"));
  await initializePostgres(home, { password, onProgress: options.onProgress });
  const { port, child } = await startServer({
    name: "postgres",
    dataDir: ours,
    pidFile: pidFileIn(ours),
    port: options.port,
    command: (chosen) =>
      Promise.resolve({
        file: path.join(home.native, "bin", "postgres"),
        args: ["-D", home.data, ...settingArguments(chosen, options.settings)],
        options: { ...home.user, cwd: home.data, env: pgFreeEnvironment() },
      }),
    serves: (chosen) => hasDatabase(serverUrl(chosen, password)),
    passing: PASSING,
    deadlineMs: START_DEADLINE_MS,
  });
  const url = `${serverUrl(port, password)}/${DATABASE}`;
  return { url, port, child, stop: () => endEmbeddedPostgres(ours) };
}

/** Ends the PostgreSQL that runs on a data folder, if one does. */
export async function endEmbeddedPostgres(dataDir: string, ending: Ending = STOP): Promise<void> {
  await endLeftOver(pidFileIn(dataDir), ending);
}

function pidFileIn(dataDir: string): string {
  return path.join(path.resolve(dataDir), "postgres.pid");
}

/** Ends a PostgreSQL that runs on our data although no pid file of ours names it. */
async function endUnnoted(data: string): Promise<void> {
  const own = await readFile(path.join(data, "postmaster.pid"), "utf8").catch(() => "");
  const pid = Number.parseInt(own, 10);
  if (!(pid > 0)) return;
  // The file may be stale and the pid a stranger's by now; only PostgreSQL works in this folder.
  const workingDirectory = await readlink(`/proc/${pid}/cwd`).catch(() => null);
  if (workingDirectory === data) await endProcess(pid, STOP);
}

function settingArguments(port: number, more: Record<string, string> = {}): string[] {
  const settings = {
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    port: String(port),
    max_connections: "100",
    // After a kill, one call for the disk instead of one for each of a thousand files: seconds saved.
    ...(process.platform === "linux" ? { recovery_init_sync_method: "syncfs" } : {}),
    ...more,
  };
  return Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

function serverUrl(port: number, password: string): string {
  return `postgres://eddy:${password}@127.0.0.1:${port}`;
}

/** Whether it serves; its database is made at the first time. */
async function hasDatabase(server: string): Promise<boolean> {
  const sql = postgres(`${server}/postgres`, { max: 1, connect_timeout: 5, onnotice: () => {} });
  try {
    const known = await sql`SELECT 1 FROM pg_database WHERE datname = ${DATABASE}`;
    if (known.length === 0) await sql`CREATE DATABASE ${sql(DATABASE)}`;
    return true;
  } catch (error) {
    // Still starting, or recovering what an earlier end left open. A refused password stays refused.
    if (error instanceof postgres.PostgresError && error.code === WRONG_PASSWORD) throw error;
    return false;
  } finally {
    await sql.end({ timeout: 1 });
  }
}
