import postgres from "postgres";

import { type EmbeddedRedis, startEmbeddedRedis } from "../../server/embedded/redis.ts";
import { makeDataDir, removeDataDir } from "./data-dir.ts";
import { eventually } from "./eventually.ts";

/** The migrated database that every test file copies. */
export const TEMPLATE = "eddy_template";

/** A real Redis that a test may do terrible things to. */
export interface TestRedis {
  url: string;
  kill: (signal: NodeJS.Signals) => void;
  /** Starts it again on the same port, with what its append-only file kept. */
  restart: () => Promise<void>;
}

/** A database and a Redis of a test file's own. */
export interface TestStores {
  databaseUrl: string;
  redisUrl: string;
  redis: TestRedis;
  close: () => Promise<void>;
}

/** Gives a test file its own database and its own redis-server process. */
export async function openTestStores(
  options: { appendfsync?: "always" | "everysec" | "no" } = {},
): Promise<TestStores> {
  const databaseUrl = await copyDatabase();
  const dataDir = await makeDataDir("redis");
  const start = (port?: number) =>
    startEmbeddedRedis({
      dataDir,
      ...options,
      ...(port === undefined ? {} : { port }),
      onProgress: () => {},
    });
  let server: EmbeddedRedis = await start();
  return {
    databaseUrl,
    redisUrl: server.url,
    redis: {
      url: server.url,
      kill: (signal) => void server.child.kill(signal),
      restart: async () => {
        server = await start(server.port);
      },
    },
    close: async () => {
      server.child.kill("SIGCONT");
      await server.stop();
      await removeDataDir(dataDir);
      await dropDatabase(databaseUrl);
    },
  };
}

let copies = 0;

async function copyDatabase(): Promise<string> {
  const url = new URL(adminUrl());
  copies += 1;
  const name = `test_${process.pid}_${Date.now()}_${copies}`;
  const admin = postgres(adminUrl(), { max: 1, onnotice: () => {} });
  // Another file may be copying the template at this moment; Postgres then says 55006.
  await eventually(() => admin`CREATE DATABASE ${admin(name)} TEMPLATE ${admin(TEMPLATE)}`);
  await admin.end();
  url.pathname = `/${name}`;
  return url.href;
}

async function dropDatabase(databaseUrl: string): Promise<void> {
  const admin = postgres(adminUrl(), { max: 1, onnotice: () => {} });
  await admin`DROP DATABASE IF EXISTS ${admin(new URL(databaseUrl).pathname.slice(1))} WITH (FORCE)`;
  await admin.end();
}

function adminUrl(): string {
  const url = process.env["EDDY_TEST_POSTGRES"];
  if (url === undefined) throw new Error("Run tests with `npm test`: it starts a Postgres.");
  return url;
}
