import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";

import { migrateDatabase } from "../../../db/postgres/migrate.ts";
import { startEmbeddedPostgres } from "../../../server/embedded/postgres.ts";
import { startEmbeddedRedis } from "../../../server/embedded/redis.ts";
import { makeDataDir, removeDataDir } from "../../support/data-dir.ts";
import { type RunningProcess, startProcess } from "../../support/processes.ts";
import { type Backend, Link } from "./link.ts";
import { resourcesOf, signalFamily } from "./os-processes.ts";

/** A store as a process of its own, which may be killed and started again on the same data. */
export interface StoreProcess {
  /** Past all links. */
  url: string;
  signal: (signal: NodeJS.Signals) => void;
  /** Starts it again on the same port. */
  restart: () => Promise<void>;
}

/** A gateway or a worker, which may be killed and started again. */
export interface EddyProcess {
  name: string;
  signal: (signal: NodeJS.Signals) => void;
  exited: () => Promise<number | null>;
  restart: () => Promise<void>;
  resources: () => { rssMb: number; descriptors: number } | null;
  output: () => string;
  /** Where it answers /metrics and /readyz; past all links. */
  url: () => string;
}

/** All of Eddy as real processes, with a link between each two of them. */
export interface Stack {
  /** Where clients connect: a balancer over both gateways. */
  url: string;
  jwtSecret: string;
  redis: StoreProcess;
  postgres: StoreProcess;
  gateways: EddyProcess[];
  workers: EddyProcess[];
  links: {
    clients: Link;
    /** Of gateways, then workers, in their order. */
    redis: Link[];
    postgres: Link[];
  };
  close: () => Promise<void>;
}

const HEALTH_EVERY_MS = 250;
const HEALTH_DEADLINE_MS = 1_000;

/** Starts two gateways, two workers, Redis and Postgres. */
export async function startStack(options: {
  appendfsync: "always" | "everysec";
  onProgress: (line: string) => void;
}): Promise<Stack> {
  const dataDir = await makeDataDir("chaos");
  const closers: (() => Promise<void> | void)[] = [() => removeDataDir(dataDir)];
  const close = async () => {
    for (const one of closers.toReversed()) await one();
  };
  try {
    const redis = await openRedis(dataDir, options.appendfsync);
    const postgres = await openPostgres(dataDir);
    closers.push(redis.stop, postgres.stop);
    await migrateDatabase(postgres.url);
    options.onProgress("Redis and Postgres serve");
    const jwtSecret = randomBytes(32).toString("hex");
    const open = async (name: string, backends: Backend[]) => {
      const link = new Link(name, backends);
      await link.open();
      closers.push(() => link.close());
      return link;
    };
    const links: Stack["links"] = { clients: await open("clients", []), redis: [], postgres: [] };
    const startOne = async (entry: Entry, name: string) => {
      const toRedis = await open(`${name}–redis`, [backendOf("redis", redis.url)]);
      const toPostgres = await open(`${name}–postgres`, [backendOf("postgres", postgres.url)]);
      links.redis.push(toRedis);
      links.postgres.push(toPostgres);
      const env = {
        REDIS_URL: toRedis.through(redis.url),
        DATABASE_URL: toPostgres.through(postgres.url),
        AUTH_JWT_SECRET: jwtSecret,
      };
      const one = await startEddy(entry, name, env);
      closers.push(() => one.signal("SIGKILL"));
      return one;
    };
    const gateways = [
      await startOne("server/main.ts", "gateway-a"),
      await startOne("server/main.ts", "gateway-b"),
    ];
    const workers = [
      await startOne("workers/main.ts", "worker-a"),
      await startOne("workers/main.ts", "worker-b"),
    ];
    closers.push(balance(links.clients, gateways));
    options.onProgress("two gateways and two workers serve");
    const url = `http://127.0.0.1:${links.clients.port}`;
    return { url, jwtSecret, redis, postgres, gateways, workers, links, close };
  } catch (error) {
    await close();
    throw error;
  }
}

type Entry = Parameters<typeof startProcess>[0];

function backendOf(name: string, url: string): Backend {
  return { name, port: Number(new URL(url).port), up: true };
}

async function openRedis(
  dataDir: string,
  appendfsync: "always" | "everysec",
): Promise<StoreProcess & { stop: () => Promise<void> }> {
  const start = (port?: number) =>
    startEmbeddedRedis({
      dataDir,
      appendfsync,
      ...(port === undefined ? {} : { port }),
      onProgress: () => {},
    });
  let server = await start();
  return {
    url: server.url,
    signal: (signal) => signalChild(server.child, signal),
    restart: async () => {
      server = await start(server.port);
    },
    stop: async () => {
      signalChild(server.child, "SIGCONT");
      await server.stop();
    },
  };
}

async function openPostgres(
  dataDir: string,
): Promise<StoreProcess & { stop: () => Promise<void> }> {
  const start = (port?: number) =>
    startEmbeddedPostgres({
      dataDir,
      ...(port === undefined ? {} : { port }),
      onProgress: () => {},
    });
  let server = await start();
  return {
    url: server.url,
    signal: (signal) => signalChild(server.child, signal),
    restart: async () => {
      server = await start(server.port);
    },
    stop: async () => {
      signalChild(server.child, "SIGCONT");
      await server.stop();
    },
  };
}

function signalChild({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  // Killed, PostgreSQL's main process takes the others along; stopped, it does not.
  if (signal === "SIGKILL") process.kill(pid, signal);
  else signalFamily(pid, signal);
}

async function startEddy(
  entry: Entry,
  name: string,
  env: Record<string, string>,
): Promise<EddyProcess> {
  let running: RunningProcess = await startProcess(entry, env);
  let printed = "";
  return {
    name,
    signal: (signal) => running.kill(signal),
    exited: () => running.exited,
    restart: async () => {
      printed += running.output();
      running = await startProcess(entry, env);
    },
    resources: () => (running.child.pid === undefined ? null : resourcesOf(running.child.pid)),
    output: () => printed + running.output(),
    url: () => running.url,
  };
}

/** Sends new connections to gateways that say that they can serve, as any balancer would. */
function balance(link: Link, gateways: EddyProcess[]): () => void {
  const look = async ({ name, url }: EddyProcess) => {
    const { port } = new URL(url());
    const up = await fetch(`${url()}/readyz`, { signal: AbortSignal.timeout(HEALTH_DEADLINE_MS) })
      .then(({ ok }) => ok)
      .catch(() => false);
    const known = link.backends.find((backend) => backend.name === name);
    if (known === undefined) link.backends.push({ name, port: Number(port), up });
    else Object.assign(known, { port: Number(port), up });
  };
  for (const { name, url } of gateways) {
    link.backends.push({ name, port: Number(new URL(url()).port), up: true });
  }
  const timer = setInterval(() => {
    for (const gateway of gateways) void look(gateway);
  }, HEALTH_EVERY_MS);
  return () => clearInterval(timer);
}
