import { rm } from "node:fs/promises";
import path from "node:path";
import { setTimeout } from "node:timers/promises";

import postgres from "postgres";

import { appendFact } from "../../db/redis/append-fact.ts";
import { connectRedis } from "../../db/redis/connection.ts";
import { queuePrefix } from "../../db/redis/queues.ts";
import { RoomId, UserId } from "../../protocol/ids.ts";
import type { Link, Trouble } from "./stack/link.ts";
import type { EddyProcess, Stack } from "./stack/stack.ts";

/** What a fault is done to, and for how long. */
export interface Injury {
  stack: Stack;
  /** Which of two: gateways, workers. */
  which: 0 | 1;
  durationMs: number;
  room: string;
}

/** Something that goes wrong. */
export interface Fault {
  /** What it is done to: two faults of one target never overlap. */
  target:
    | "gateway"
    | "worker"
    | "redis"
    | "postgres"
    | "clients"
    | "gateway links"
    | "worker links"
    | "queues";
  /** Accepted facts may be gone with it, even with `appendfsync always` or only without. */
  losesRedis?: "always" | "everysec";
  /** Longest time that it lasts (ms); what heals by itself has none. */
  mostMs: number;
  /** Resolves when it is over. */
  inflict: (injury: Injury) => Promise<unknown>;
}

const SETTLES_MS = 15_000;

const wait = ({ durationMs }: Injury) => setTimeout(durationMs);
const gatewayOf = ({ stack, which }: Injury) => pick(stack.gateways, which);
const workerOf = ({ stack, which }: Injury) => pick(stack.workers, which);

/** Every fault that Eddy has to survive, by its name. */
export const faults = {
  "gateway killed": { target: "gateway", mostMs: 500, inflict: (i) => killed(i, gatewayOf(i)) },
  "gateway paused": { target: "gateway", mostMs: 8_000, inflict: (i) => paused(i, gatewayOf(i)) },
  "gateway stopped": { target: "gateway", mostMs: 500, inflict: (i) => stopped(i, gatewayOf(i)) },
  "worker killed": { target: "worker", mostMs: 500, inflict: (i) => killed(i, workerOf(i)) },
  "worker paused": { target: "worker", mostMs: 8_000, inflict: (i) => paused(i, workerOf(i)) },
  "worker stopped": { target: "worker", mostMs: 500, inflict: (i) => stopped(i, workerOf(i)) },
  "both workers killed": { target: "worker", mostMs: 2_000, inflict: bothWorkersKilled },
  "Redis killed": {
    target: "redis",
    losesRedis: "everysec",
    mostMs: 1_000,
    inflict: async (injury) => {
      injury.stack.redis.signal("SIGKILL");
      await wait(injury);
      await injury.stack.redis.restart();
    },
  },
  "Redis paused": {
    target: "redis",
    mostMs: 5_000,
    inflict: async (injury) => {
      injury.stack.redis.signal("SIGSTOP");
      await wait(injury);
      injury.stack.redis.signal("SIGCONT");
    },
  },
  "Redis comes back empty": {
    target: "redis",
    losesRedis: "always",
    mostMs: 1_000,
    inflict: async (injury) => {
      const { redis } = injury.stack;
      const folder = await withRedis(redis.url, async (link) => {
        const [, dir = ""] = await link.redis.config("GET", "dir");
        return dir;
      });
      redis.signal("SIGKILL");
      await wait(injury);
      await rm(path.join(folder, "appendonlydir"), { recursive: true, force: true });
      await redis.restart();
    },
  },
  FLUSHALL: {
    target: "redis",
    losesRedis: "always",
    mostMs: 0,
    inflict: ({ stack }) => withRedis(stack.redis.url, (link) => link.redis.flushall()),
  },
  "Postgres killed": {
    target: "postgres",
    mostMs: 1_000,
    inflict: async (injury) => {
      injury.stack.postgres.signal("SIGKILL");
      await wait(injury);
      await injury.stack.postgres.restart();
    },
  },
  "Postgres paused": {
    target: "postgres",
    mostMs: 5_000,
    inflict: async (injury) => {
      injury.stack.postgres.signal("SIGSTOP");
      await wait(injury);
      injury.stack.postgres.signal("SIGCONT");
    },
  },
  "Postgres read-only": { target: "postgres", mostMs: 6_000, inflict: readOnly },
  "clients cut off": onClients({ kind: "cut" }, 1_000),
  "clients in a black hole": onClients({ kind: "black hole" }, 6_000),
  "clients on a slow line": onClients({ kind: "slow", delayMs: 300 }, 6_000),
  "clients cut mid-reply": onClients({ kind: "cut mid-reply" }, 1_000),
  ...onLink("gateway–Redis commands", "redis", 0, "eddy-gateway"),
  ...onLink("gateway–Redis subscriber", "redis", 0, "eddy-feed"),
  ...onLink("gateway–Postgres", "postgres", 0),
  ...onLink("worker–Redis", "redis", 2),
  ...onLink("worker–Postgres", "postgres", 2),
  "BullMQ's keys deleted": {
    target: "queues",
    mostMs: 0,
    inflict: ({ stack }) =>
      withRedis(stack.redis.url, async ({ redis }) => {
        const keys = await redis.keys(`${queuePrefix}*`);
        if (keys.length > 0) await redis.del(...keys);
      }),
  },
  "poison entry": { target: "queues", mostMs: 0, inflict: poison },
} satisfies Record<string, Fault> as Record<string, Fault>;

function pick<T>(from: readonly T[], which: number): T {
  const one = from[which];
  if (one === undefined) throw new Error(`There is no number ${which}`);
  return one;
}

async function killed(injury: Injury, victim: EddyProcess): Promise<void> {
  victim.signal("SIGKILL");
  await wait(injury);
  await startAgain(victim);
}

async function paused(injury: Injury, victim: EddyProcess): Promise<void> {
  victim.signal("SIGSTOP");
  await wait(injury);
  victim.signal("SIGCONT");
}

async function stopped(injury: Injury, victim: EddyProcess): Promise<void> {
  victim.signal("SIGTERM");
  const code = await victim.exited();
  if (code !== 0) throw new Error(`${victim.name} ended with ${code}:\n${victim.output()}`);
  await wait(injury);
  await startAgain(victim);
}

async function bothWorkersKilled(injury: Injury): Promise<void> {
  const { workers } = injury.stack;
  for (const worker of workers) worker.signal("SIGKILL");
  await wait(injury);
  await Promise.all(workers.map(startAgain));
}

/** As whoever runs it would: until it starts. A store may be away meanwhile. */
async function startAgain(victim: EddyProcess): Promise<void> {
  const deadline = Date.now() + SETTLES_MS;
  for (;;) {
    try {
      return await victim.restart();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await setTimeout(100);
    }
  }
}

async function readOnly(injury: Injury): Promise<void> {
  const sql = postgres(injury.stack.postgres.url, { max: 1, onnotice: () => {} });
  try {
    await sql`ALTER SYSTEM SET default_transaction_read_only = on`;
    await sql`SELECT pg_reload_conf()`;
    await wait(injury);
    await sql`SET default_transaction_read_only = off`;
    await sql`ALTER SYSTEM RESET default_transaction_read_only`;
    await sql`SELECT pg_reload_conf()`;
  } finally {
    await sql.end({ timeout: 1 });
  }
}

function onClients(trouble: Trouble, mostMs: number): Fault {
  return {
    target: "clients",
    mostMs,
    inflict: async (injury) => {
      const { clients } = injury.stack.links;
      await endure(injury, clients, { ...trouble, backend: gatewayOf(injury).name });
    },
  };
}

/** Each kind of trouble on one kind of link; `first` is the index of its first process. */
function onLink(
  name: string,
  store: "redis" | "postgres",
  first: 0 | 2,
  client?: string,
): Record<string, Fault> {
  const kinds = [
    { what: "cut", trouble: { kind: "cut" }, mostMs: 1_500 },
    { what: "black hole", trouble: { kind: "black hole" }, mostMs: 6_000 },
    { what: "slow", trouble: { kind: "slow", delayMs: 150 }, mostMs: 6_000 },
    { what: "cut mid-reply", trouble: { kind: "cut mid-reply" }, mostMs: 1_500 },
  ] as const;
  return Object.fromEntries(
    kinds.map(({ what, trouble, mostMs }) => [
      `${name} ${what}`,
      {
        target: first === 0 ? "gateway links" : "worker links",
        mostMs,
        inflict: (injury) =>
          endure(injury, pick(injury.stack.links[store], first + injury.which), {
            ...trouble,
            ...(client === undefined ? {} : { client }),
          }),
      } satisfies Fault,
    ]),
  );
}

async function endure(injury: Injury, link: Link, trouble: Trouble): Promise<void> {
  const heal = link.trouble(trouble);
  await wait(injury);
  heal();
}

/** An entry that is not even JSON, in the middle of a room. */
async function poison({ stack, room }: Injury): Promise<void> {
  await withRedis(stack.redis.url, (link) =>
    appendFact(link, {
      room: RoomId.parse(room),
      author: UserId.parse("00000000-0000-7000-8000-000000000bad"),
      at: new Date().toISOString(),
      rest: "poison",
      idempotency: null,
      policy: null,
      guard: "none",
      slowModeMs: 0,
      cap: 0,
      isMessage: false,
      target: null,
      replyTo: null,
      effects: [],
    }),
  );
}

async function withRedis<T>(
  url: string,
  work: (link: Awaited<ReturnType<typeof connectRedis>>) => Promise<T>,
): Promise<Awaited<T>> {
  const link = await connectRedis({ url, name: "eddy-chaos", onError: () => {} });
  try {
    return await work(link);
  } finally {
    link.close();
  }
}
