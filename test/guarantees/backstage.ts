import { readFileSync } from "node:fs";
import { readdir, stat, truncate } from "node:fs/promises";
import path from "node:path";

import { expect } from "@jest/globals";
import { pino } from "pino";
import postgres, { type Sql } from "postgres";

import type { Store } from "../../db/postgres/connection.ts";
import { openStore } from "../../db/postgres/connection.ts";
import { readStoredFacts } from "../../db/postgres/facts.ts";
import { appendFact } from "../../db/redis/append-fact.ts";
import { type AppendRequest, type AppendResult } from "../../db/redis/append-facts.ts";
import { connectRedis, type RedisLink } from "../../db/redis/connection.ts";
import { keys, luaRoomKeys } from "../../db/redis/keys.ts";
import type { Stores } from "../../db/stores.ts";
import type { Fact } from "../../protocol/facts.ts";
import { RoomId } from "../../protocol/ids.ts";
import type { Room } from "../../protocol/shapes.ts";
import { HeldUp } from "../../workers/held-up.ts";
import { createWorkerMetrics } from "../../workers/metrics.ts";
import type { StoreDeps } from "../../workers/store.ts";
import { eventually } from "../support/eventually.ts";
import type { World } from "../support/world.ts";

/** The stores of a world, opened beside its processes: to look at them, to break them, to drain by hand. */
export interface Backstage {
  /** As Eddy's own processes hold them. */
  stores: Stores;
  link: RedisLink;
  store: Store;
  /** Without Eddy's time-outs: for locks that a test holds. */
  sql: Sql;
  /** What a worker works with, for drains that begin when the test says so. */
  worker: (options?: { keep?: number }) => StoreDeps;
  close: () => Promise<void>;
}

/** Opens a world's stores beside it. */
export async function openBackstage({
  stores: { redisUrl, databaseUrl },
}: World): Promise<Backstage> {
  const link = await connectRedis({ url: redisUrl, name: "eddy-test", onError: () => {} });
  const store = openStore({ url: databaseUrl, name: "eddy-test", connections: 8 });
  const sql = postgres(databaseUrl, { max: 4, onnotice: () => {} });
  const stores = { link, store };
  return {
    stores,
    link,
    store,
    sql,
    worker: ({ keep = 1_000 } = {}) => ({
      stores,
      metrics: createWorkerMetrics(),
      log: pino({ level: "silent" }),
      keep,
      now: Date.now,
      heldUp: new HeldUp(),
      onStored: () => {},
    }),
    close: async () => {
      link.close();
      await Promise.all([store.close(), sql.end({ timeout: 1 })]);
    },
  };
}

/** A room's id as the stores take it. */
export function idOf({ id }: Pick<Room, "id">): RoomId {
  return RoomId.parse(id);
}

/** All that Postgres has of a room's log. */
export async function keptLog({ store }: Backstage, room: RoomId): Promise<Fact[]> {
  const rows = await readStoredFacts(store.sql, {
    room,
    after: 0,
    upTo: Number.MAX_SAFE_INTEGER,
    limit: 1_000_000,
    newestFirst: false,
  });
  return rows.map(({ fact }) => fact);
}

/** Waits until Postgres has a room's log up to a seq. */
export async function untilStored(
  { sql }: Backstage,
  room: RoomId,
  seq: number,
  withinMs = 5_000,
): Promise<void> {
  await eventually(
    async () => {
      const [row] = await sql`SELECT stored_seq::float8 AS seq FROM rooms WHERE id = ${room}`;
      expect(Number(row?.["seq"])).toBeGreaterThanOrEqual(seq);
    },
    { withinMs },
  );
}

/** Fields of a room's meta hash in Redis. */
export async function metaOf({ link }: Backstage, room: RoomId): Promise<Record<string, string>> {
  return link.redis.hgetall(keys.meta(room));
}

/** The generations of a room's log that were ever begun. */
export async function epochsOf({ sql }: Backstage, room: RoomId): Promise<number[]> {
  const rows = await sql<{ epoch: number }[]>`
    SELECT epoch FROM room_epochs WHERE room_id = ${room} ORDER BY epoch`;
  return rows.map(({ epoch }) => epoch);
}

/** Holds a lock in a transaction of its own until it is let go. */
export async function hold({ sql }: Backstage, statement: string): Promise<() => Promise<void>> {
  const connection = await sql.reserve();
  await connection.unsafe("BEGIN");
  await connection.unsafe(statement);
  return async () => {
    await connection.unsafe("ROLLBACK");
    connection.release();
  };
}

/** Waits until some statement of Eddy's waits for a lock. */
export async function untilBlocked({ sql }: Backstage, atLeast = 1): Promise<void> {
  await eventually(async () => {
    const rows = await sql`
      SELECT 1 FROM pg_stat_activity WHERE datname = current_database()
        AND application_name LIKE 'eddy-%' AND wait_event_type = 'Lock'`;
    expect(rows.length).toBeGreaterThanOrEqual(atLeast);
  });
}

const appendLua = readFileSync(
  new URL("../../db/redis/scripts/append.lua", import.meta.url),
  "utf8",
);
const PUBLISHES = "'PUBLISH', r.feed,";

/** Appends a fact whose publish nobody hears, as when Redis' pub/sub drops it. */
export async function appendUnheard(
  { link }: Backstage,
  request: AppendRequest,
): Promise<AppendResult> {
  expect(appendLua).toContain(PUBLISHES);
  const unheard = luaRoomKeys + appendLua.replace(PUBLISHES, "'PUBLISH', 'nobody-listens',");
  const deaf = {
    defineCommand: () => {},
    eddy_append: (count: number, ...rest: string[]) => link.redis.eval(unheard, count, ...rest),
  };
  return appendFact({ ...link, redis: deaf as unknown as RedisLink["redis"] }, request);
}

/** A place in Redis' append-only file. */
export interface AofMark {
  file: string;
  size: number;
}

/** Notes how much of Redis' append-only file there is now. */
export async function markAof({ link: { redis } }: Backstage): Promise<AofMark> {
  await eventually(async () => {
    expect(await redis.info("persistence")).toMatch(/^aof_buffer_length:0\r?$/mu);
  });
  const [, dir = ""] = await redis.config("GET", "dir");
  const folder = path.join(dir, "appendonlydir");
  const files = await readdir(folder);
  const file = path.join(
    folder,
    files
      .filter((name) => name.endsWith(".incr.aof"))
      .toSorted()
      .at(-1) ?? "",
  );
  return { file, size: (await stat(file)).size };
}

/**
 * What a machine that loses power does to a Redis with `appendfsync everysec`: all that was written
 * after the mark is gone, however often it was acknowledged. (kill -9 alone loses nothing: what a
 * process wrote is the kernel's.)
 */
export async function losePower(
  world: World,
  backstage: Backstage,
  mark: AofMark | null,
): Promise<void> {
  world.stores.redis.kill("SIGKILL");
  await eventually(() => expect(backstage.link.isReady()).toBe(false));
  if (mark !== null) await truncate(mark.file, mark.size);
  await world.stores.redis.restart();
  await eventually(() => expect(backstage.link.isReady()).toBe(true));
}
