import { setTimeout } from "node:timers/promises";

import postgres from "postgres";

import { migrateDatabase } from "../../db/postgres/migrate.ts";
import type { Room } from "../../protocol/shapes.ts";
import { eddyDialect } from "../crowd/eddy-dialect.ts";
import { mintToken, TOKEN_SECRET } from "../peers/tokens.ts";
import { type NodeProcess, startNode } from "../start-node.ts";
import { readVersions } from "../store-versions.ts";
import { startTemporaryPostgres, startTemporaryRedis } from "../temporary-stores.ts";
import { type Design, portOf, type Running } from "./design.ts";

const GATEWAY = new URL("../../server/main.ts", import.meta.url);
const WORKER = new URL("../../workers/main.ts", import.meta.url);
const STORED_WITHIN_MS = 15_000;
const LOOK_EVERY_MS = 50;

/** Eddy as it runs: everything that is said is ordered, deduplicated, kept in Redis and stored in Postgres. */
export const eddy: Design = {
  name: "Eddy, storing everything",
  isOurs: true,
  dialect: eddyDialect,
  start: (rooms) => startEddy({ rooms, gateways: 2 }),
};

/** Starts Eddy's processes with stores of their own, and opens rooms. */
export async function startEddy(options: {
  rooms: number;
  gateways: number;
  env?: Record<string, string>;
}): Promise<Running> {
  const [redis, pg] = await Promise.all([startTemporaryRedis(), startTemporaryPostgres({})]);
  await migrateDatabase(pg.url);
  const env = {
    REDIS_URL: redis.url,
    DATABASE_URL: pg.url,
    AUTH_JWT_SECRET: TOKEN_SECRET,
    PORT: "0",
    LIMITS: "off",
    ...options.env,
  };
  const [worker, ...gateways] = await Promise.all([
    startNode(WORKER, env),
    ...Array.from({ length: options.gateways }, () => startNode(GATEWAY, env)),
  ]);
  const [first] = gateways;
  if (first === undefined) throw new Error("Eddy needs a gateway");
  const sql = postgres(pg.url, { max: 1, onnotice: () => {} });
  return {
    rooms: await openRooms(first, options.rooms),
    gateways,
    worker,
    pids: {
      gateways: gateways.map(({ pid }) => pid),
      worker: [worker.pid],
      redis: [redis.pid],
      postgres: [pg.pid],
    },
    redisUrl: redis.url,
    databaseUrl: pg.url,
    versions: await readVersions(redis.url, sql),
    settle: async (accepted) => {
      const deadline = performance.now() + STORED_WITHIN_MS;
      for (;;) {
        const [row] = await sql<{ stored: number }[]>`
          SELECT count(*)::int AS stored FROM facts WHERE type = 'message.sent'`;
        if (row?.stored === accepted) return;
        if (performance.now() > deadline) {
          throw new Error(`Eddy: ${accepted} messages accepted, ${row?.stored} in Postgres`);
        }
        await setTimeout(LOOK_EVERY_MS);
      }
    },
    close: async () => {
      await sql.end();
      await Promise.all([worker, ...gateways].map((each) => each.stop()));
      await Promise.all([redis.close(), pg.close()]);
    },
  };
}

async function openRooms(gateway: NodeProcess, count: number): Promise<string[]> {
  const token = await mintToken("Ada");
  const rooms: string[] = [];
  for (let i = 1; i <= count; i += 1) {
    const response = await fetch(`http://127.0.0.1:${portOf(gateway)}/v1/rooms`, {
      method: "POST",
      headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
      body: JSON.stringify({ title: `Room ${i}`, visibility: "public" }),
    });
    if (response.status !== 201) throw new Error(`No room: ${await response.text()}`);
    rooms.push(((await response.json()) as Room).id);
  }
  return rooms;
}
