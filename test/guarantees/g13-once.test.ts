import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";

import { drain } from "../../workers/drain.ts";
import { startProcess } from "../support/processes.ts";
import { openWorld, say, type World } from "../support/world.ts";
import {
  type Backstage,
  hold,
  idOf,
  keptLog,
  openBackstage,
  untilBlocked,
  untilStored,
} from "./backstage.ts";

let world: World;
let backstage: Backstage;
beforeAll(async () => {
  world = await openWorld({ worker: false });
  backstage = await openBackstage(world);
});
afterAll(async () => {
  await backstage.close();
  await world.close();
});

async function roomOf(messages: number) {
  const ada = await world.person("Ada");
  const room = await ada.openRoom();
  const socket = await ada.connect();
  for (let i = 1; i <= messages; i += 1) await say(socket, room.id, `line ${i}`);
  return { socket, room, id: idOf(room) };
}

/** Everything is there once, in order, densely numbered, and counted once. */
async function expectOnce(id: ReturnType<typeof idOf>, messages: number): Promise<void> {
  const all = Array.from({ length: messages }, (_, i) => i + 1);
  expect((await keptLog(backstage, id)).map(({ seq }) => seq)).toEqual(all);
  const rows = await backstage.sql`
    SELECT n::int FROM facts WHERE room_id = ${id} AND type = 'message.sent' ORDER BY seq`;
  expect(rows.map(({ n }) => n)).toEqual(all);
  const [minutes] = await backstage.sql`
    SELECT sum(messages)::int AS messages FROM room_minutes WHERE room_id = ${id}`;
  expect(minutes?.["messages"]).toBe(messages);
}

const workerEnv = () => ({
  DATABASE_URL: world.stores.databaseUrl,
  REDIS_URL: world.stores.redisUrl,
});

describe("storing is effectively once", () => {
  test("[G13] eight drains of the same rooms at once", async () => {
    const rooms = await Promise.all([roomOf(40), roomOf(40), roomOf(40)]);
    await Promise.all(
      Array.from({ length: 8 }, () => drain(backstage.worker(), { shouldStop: () => false })),
    );
    for (const { id } of rooms) await untilStored(backstage, id, 40);
    for (const { id } of rooms) await expectOnce(id, 40);
  });

  test("[G13] a worker that is killed in the middle of its transaction leaves nothing half done", async () => {
    const { id } = await roomOf(30);
    const letGo = await hold(backstage, "LOCK TABLE facts IN ACCESS EXCLUSIVE MODE");
    const worker = await startProcess("workers/main.ts", workerEnv());
    await untilBlocked(backstage);
    worker.kill("SIGKILL");
    await worker.exited;
    await letGo();
    expect(await keptLog(backstage, id)).toEqual([]);
    const next = await startProcess("workers/main.ts", workerEnv());
    await untilStored(backstage, id, 30);
    next.kill("SIGTERM");
    expect(await next.exited).toBe(0);
    await expectOnce(id, 30);
  });

  test("[G13] a worker that was paused through another's work wakes up and does no harm", async () => {
    const { id } = await roomOf(30);
    const letGo = await hold(backstage, "LOCK TABLE facts IN ACCESS EXCLUSIVE MODE");
    const paused = await startProcess("workers/main.ts", workerEnv());
    await untilBlocked(backstage);
    paused.kill("SIGSTOP");
    await letGo();
    // Postgres ends the transaction that its paused owner left open, and the next worker gets the row.
    const other = await startProcess("workers/main.ts", workerEnv());
    await untilStored(backstage, id, 30, 15_000);
    paused.kill("SIGCONT");
    for (const worker of [paused, other]) worker.kill("SIGTERM");
    await Promise.all([paused.exited, other.exited]);
    await expectOnce(id, 30);
  });

  test("[G13] the watermark that a crash kept from Redis is made good by the next drain", async () => {
    const { id, room, socket } = await roomOf(10);
    await drain(backstage.worker(), { shouldStop: () => false });
    const { redis } = backstage.link;
    const [meta] = await redis.keys(`*meta:${room.id}`);
    await redis.hset(meta ?? "", "stored", "0");
    await say(socket, room.id, "one more");
    await drain(backstage.worker(), { shouldStop: () => false });
    expect(await redis.hget(meta ?? "", "stored")).toBe("11");
    await expectOnce(id, 11);
  });
});
