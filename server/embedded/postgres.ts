import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { chmod, chown, mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout } from "node:timers/promises";

import postgres from "postgres";

import { freePort } from "./free-port.ts";
import { endLeftOver, writePidFile } from "./os-process.ts";
import { findPostgresHome, type PostgresHome } from "./postgres-home.ts";
import { readSecret } from "./secret-file.ts";

/** A PostgreSQL of our own. */
export interface EmbeddedPostgres {
  url: string;
  port: number;
  child: ChildProcess;
  stop: () => Promise<void>;
}

/** SIGINT is PostgreSQL's fast shutdown: it rolls back what is open and writes a checkpoint. */
const STOP = { signal: "SIGINT", patienceMs: 15_000 } as const;
const START_DEADLINE_MS = 60_000;
const DATABASE = "eddy";

/**
 * Starts the PostgreSQL that npm ships, on the loopback, with its data under `dataDir`. One that an
 * earlier run left behind on the same data is stopped first; a first start that was interrupted is
 * begun anew. Errors: what to do when it cannot run here.
 */
export async function startEmbeddedPostgres(options: {
  dataDir: string;
  port?: number;
  settings?: Record<string, string>;
  onProgress: (line: string) => void;
}): Promise<EmbeddedPostgres> {
  const ours = path.resolve(options.dataDir);
  await mkdir(ours, { recursive: true });
  const home = await findPostgresHome(ours);
  const pidFile = path.join(ours, "postgres.pid");
  await endLeftOver(pidFile, STOP);
  const password = await readSecret(path.join(ours, "postgres.password"));
  await initialize(home, password, options.onProgress);
  const port = options.port ?? (await freePort());
  const settings = {
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    port: String(port),
    max_connections: "100",
    ...options.settings,
  };
  const child = spawn(
    path.join(home.native, "bin", "postgres"),
    ["-D", home.data, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])],
    // A group of its own: Ctrl-C in the terminal goes to the launcher, which stops it last.
    { ...home.user, stdio: ["ignore", "pipe", "pipe"], detached: true, cwd: home.data, env: environment() },
  );
  const logFile = path.join(ours, "postgres.log");
  const log = createWriteStream(logFile, { flags: "a" });
  child.stdout.pipe(log);
  child.stderr.pipe(log, { end: false });
  if (child.pid !== undefined) await writePidFile(pidFile, child.pid);
  const server = `postgres://eddy:${password}@127.0.0.1:${port}`;
  await ensureDatabase(server, child, logFile);
  return { url: `${server}/${DATABASE}`, port, child, stop: () => endLeftOver(pidFile, STOP) };
}

/** PostgreSQL reads PG* variables of its own; none of ours may steer it. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("PG")));
}

/** Makes the data folder: in a draft that is renamed when it is whole, so that a half one is never used. */
async function initialize(
  { native, data, user }: PostgresHome,
  password: string,
  onProgress: (line: string) => void,
): Promise<void> {
  if ((await stat(path.join(data, "PG_VERSION")).catch(() => null)) !== null) return;
  onProgress("Preparing the database …");
  const draft = `${data}.draft`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true, mode: 0o700 });
  const passwordFile = path.join(path.dirname(data), `${path.basename(data)}.pw`);
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (user !== null) {
    await chown(draft, user.uid, user.gid);
    await chown(passwordFile, user.uid, user.gid);
  }
  await chmod(draft, 0o700);
  try {
    await runToEnd(
      path.join(native, "bin", "initdb"),
      [
        `--pgdata=${draft}`,
        "--username=eddy",
        "--auth=scram-sha-256",
        `--pwfile=${passwordFile}`,
        "--encoding=UTF8",
        "--locale=C.UTF-8",
      ],
      user,
    );
  } finally {
    await rm(passwordFile, { force: true });
  }
  await rename(draft, data);
}

async function runToEnd(file: string, args: string[], user: PostgresHome["user"]): Promise<void> {
  const child = spawn(file, args, { ...user, stdio: ["ignore", "ignore", "pipe"], cwd: "/", env: environment() });
  let complaint = "";
  child.stderr.on("data", (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code !== 0) throw new Error(`${path.basename(file)} failed: ${complaint.trim()}`);
}

async function ensureDatabase(server: string, child: ChildProcess, logFile: string): Promise<void> {
  const deadline = Date.now() + START_DEADLINE_MS;
  while (Date.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null) break;
    const sql = postgres(`${server}/postgres`, { max: 1, connect_timeout: 5, onnotice: () => {} });
    try {
      const known = await sql`SELECT 1 FROM pg_database WHERE datname = ${DATABASE}`;
      if (known.length === 0) await sql`CREATE DATABASE ${sql(DATABASE)}`;
      return;
    } catch {
      // Still starting, or recovering what an earlier end left open.
      await setTimeout(50);
    } finally {
      await sql.end({ timeout: 1 });
    }
  }
  throw new Error(`PostgreSQL did not start; its last words are:\n${await lastLines(logFile)}`);
}

async function lastLines(file: string): Promise<string> {
  const text = await readFile(file, "utf8").catch(() => "(none)");
  return text.trimEnd().split("\n").slice(-5).join("\n");
}
