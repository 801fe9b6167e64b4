import { afterAll, beforeAll, expect, test } from "@jest/globals";

import { keys } from "../../db/redis/keys.ts";
import { noteStored } from "../../db/redis/room-log.ts";
import { drain } from "../../workers/drain.ts";
import { openWorld, say, type World } from "../support/world.ts";
import { type Backstage, idOf, openBackstage } from "./backstage.ts";
import { readerOf } from "./reader.ts";

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
  return { ada, room, id: idOf(room) };
}

test("[G10] trimming stops at what is stored, however little is to be kept", async () => {
  const { id } = await roomOf(20);
  const { redis } = backstage.link;
  await noteStored(backstage.link, [{ room: id, seq: 0 }], 1);
  expect(await redis.xlen(keys.log(id))).toBe(20);
  await noteStored(backstage.link, [{ room: id, seq: 12 }], 1);
  expect(await redis.xlen(keys.log(id))).toBe(8);
  const left = (await redis.hkeys(keys.body(id))).map(Number).toSorted((a, b) => a - b);
  expect(left).toEqual([13, 14, 15, 16, 17, 18, 19, 20]);
});

test("[G10] trimming among changes stops at what is stored, and forgets what is stored of them", async () => {
  const { ada, room, id } = await roomOf(10);
  await ada.rest("PUT", `/rooms/${room.id}/messages/3/reactions/👍`);
  const edited = await ada.rest("PATCH", `/rooms/${room.id}/messages/4`, { text: "better" });
  expect(edited.body).toMatchObject({ seq: 12 });
  await ada.rest("PATCH", `/rooms/${room.id}/messages/5`, { text: "best" });
  await ada.rest("PATCH", `/rooms/${room.id}/messages/6`, { text: "unbeaten" });
  const { redis } = backstage.link;
  await noteStored(backstage.link, [{ room: id, seq: 12 }], 1);
  const left = (await redis.xrange(keys.log(id), "-", "+")).map(([entry]) => entry);
  expect(left).toEqual(["1-13", "1-14"]);
  expect((await redis.hkeys(keys.body(id))).toSorted()).toEqual(["13", "14"]);
  expect((await redis.hkeys(keys.changes(id))).toSorted()).toEqual(["5", "6"]);
});

test("[G10] trimming finds its way over an epoch that skipped seqs", async () => {
  const { ada, room, id } = await roomOf(6);
  const { redis } = backstage.link;
  // What survived of an epoch that lost its tail, and the next one above it.
  await redis.hset(keys.meta(id), "run", "another run");
  const socket = await ada.connect();
  const { seq } = await say(socket, room.id, "after the loss");
  await say(socket, room.id, "and on");
  expect(seq).toBeGreaterThan(100_000);
  await noteStored(backstage.link, [{ room: id, seq: 4 }], 1);
  expect((await redis.hkeys(keys.body(id))).map(Number).toSorted((a, b) => a - b)).toEqual([
    5,
    6,
    seq,
    seq + 1,
  ]);
  await noteStored(backstage.link, [{ room: id, seq }], 1);
  expect(await redis.xrange(keys.log(id), "-", "+")).toHaveLength(1);
  expect(await redis.hget(keys.meta(id), "eras")).toBe(`2:${seq - 1};`);
});

test("[G10] the newest facts stay in the hot log when all are stored", async () => {
  const { id } = await roomOf(20);
  await drain(backstage.worker({ keep: 5 }), { shouldStop: () => false });
  expect(await backstage.link.redis.xlen(keys.log(id))).toBe(5);
});

test("[G10] a hot log holds the newest facts, and at most a quarter more, however it is stored", async () => {
  const keep = 8;
  const { id } = await roomOf(0);
  const ada = await world.person("Grace");
  const socket = await ada.connect();
  const lengths = new Set<number>();
  for (let i = 1; i <= 40; i += 1) {
    await say(socket, id, `line ${i}`);
    await drain(backstage.worker({ keep }), { shouldStop: () => false });
    const { redis } = backstage.link;
    const length = await redis.xlen(keys.log(id));
    expect(length).toBeLessThanOrEqual(keep + keep / 4);
    expect(length).toBeGreaterThanOrEqual(Math.min(i, keep));
    expect(await redis.hlen(keys.body(id))).toBe(length);
    lengths.add(length);
  }
  expect(Math.max(...lengths)).toBe(keep + 1);
});

test("[G10] a log that was trimmed to one fact still reads whole", async () => {
  const { ada, room } = await roomOf(20);
  await drain(backstage.worker({ keep: 1 }), { shouldStop: () => false });
  const reader = await readerOf(await ada.connect(), room.id, {
    since: { epoch: 1, seq: 0 },
    limit: 6,
  });
  expect(reader.seqs).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  expect(reader.problems).toEqual([]);
});
