import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";

import { keys } from "../../db/redis/keys.ts";
import type { Fact } from "../../protocol/facts.ts";
import { drain } from "../../workers/drain.ts";
import type { StoreDeps } from "../../workers/store.ts";
import { sweep } from "../../workers/sweep.ts";
import { openWorld, say, type World } from "../support/world.ts";
import { type Backstage, idOf, keptLog, metaOf, openBackstage } from "./backstage.ts";

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

const drainNow = () => drain(backstage.worker(), { shouldStop: () => false });

async function roomOf(messages: number) {
  const ada = await world.person("Ada");
  const room = await ada.openRoom();
  const socket = await ada.connect();
  for (let i = 1; i <= messages; i += 1) await say(socket, room.id, `line ${i}`);
  return { ada, room, socket };
}

/** A worker whose every connection to Redis is cut when it would put a tombstone into the hot log. */
function dyingBeforeRewrite(worker: StoreDeps): StoreDeps {
  const { stores } = worker;
  const redis = new Proxy(stores.link.redis, {
    get: (target, name) => {
      if (name === "eddy_replace") return () => Promise.reject(new Error("killed"));
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
  return { ...worker, stores: { ...stores, link: { ...stores.link, redis } } };
}

/** A room of nine messages whose fifth entry is made into something else before it is stored. */
async function roomWithFifth(spoil: (fact: Fact & { type: "message.sent" }) => string) {
  const { ada, room } = await roomOf(9);
  const body = keys.body(idOf(room));
  const fifth = JSON.parse((await backstage.link.redis.hget(body, "5")) ?? "") as never;
  await backstage.link.redis.hset(body, "5", spoil(fifth));
  return { ada, room };
}

describe("a poison entry costs one entry", () => {
  test.each([
    ["that is no JSON", () => "{nonsense"],
    ["that is no fact", () => '{"hello":"world"}'],
    [
      "with a NUL in its text",
      (fact: Fact & { type: "message.sent" }) => JSON.stringify({ ...fact, text: "a\0b" }),
    ],
    [
      "whose time is none",
      (fact: Fact & { type: "message.sent" }) => JSON.stringify({ ...fact, at: "yesterday-ish" }),
    ],
  ])("[G14] an entry %s is put aside, the others are stored", async (_what, spoil) => {
    const { ada, room } = await roomWithFifth(spoil);
    await drainNow();
    const kept = await keptLog(backstage, idOf(room));
    expect(kept.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(kept[4]).toMatchObject({
      type: "message.removed",
      target: 5,
      reason: "It could not be stored.",
    });
    expect(kept.filter(({ type }) => type === "message.sent")).toHaveLength(8);
    const rows = await backstage.sql`SELECT seq FROM quarantine WHERE room_id = ${room.id}`;
    expect(rows).toHaveLength(1);
    expect(await metaOf(backstage, idOf(room))).toMatchObject({ head: "9", stored: "9" });
    // Whoever reads the hot log sees the same tombstone as whoever reads Postgres.
    const history = await ada.rest<{ events: Fact[] }>("GET", `/rooms/${room.id}/events`);
    expect(history.body.events).toEqual(kept);
  });

  test("[G14] a second fact with the same clientId is put aside, too: the index is the last word", async () => {
    const { room } = await roomWithFifth((fact) => JSON.stringify(fact));
    const { redis } = backstage.link;
    const body = keys.body(idOf(room));
    const first = JSON.parse((await redis.hget(body, "1")) ?? "") as { clientId: string };
    const fifth = JSON.parse((await redis.hget(body, "5")) ?? "") as object;
    await redis.hset(body, "5", JSON.stringify({ ...fifth, clientId: first.clientId }));
    await drainNow();
    const kept = await keptLog(backstage, idOf(room));
    expect(kept.map(({ type }) => type === "message.sent")).toEqual(
      kept.map(({ seq }) => seq !== 5),
    );
  });

  test("[G14] one room's poison does not hold up the rooms that are stored with it", async () => {
    const sick = await roomWithFifth(() => "not a fact");
    const well = await roomWithFifth((fact) => JSON.stringify(fact));
    await drainNow();
    expect(await keptLog(backstage, idOf(sick.room))).toHaveLength(9);
    const kept = await keptLog(backstage, idOf(well.room));
    expect(kept.filter(({ type }) => type === "message.sent")).toHaveLength(9);
  });

  test("[G14] a worker that dies before the tombstone is in the hot log leaves it to the next sweep", async () => {
    const { ada, room } = await roomWithFifth(() => "{nonsense");
    const worker = backstage.worker();
    await expect(drain(dyingBeforeRewrite(worker), { shouldStop: () => false })).rejects.toThrow(
      "killed",
    );
    const read = () => ada.rest<{ events: Fact[] }>("GET", `/rooms/${room.id}/events`);
    expect((await read()).status).toBe(503);
    const later = { ...worker, now: () => Date.now() + 1_000 };
    await sweep(later, () => false);
    const kept = await keptLog(backstage, idOf(room));
    expect(kept).toHaveLength(9);
    expect((await read()).body.events).toEqual(kept);
    // What was trimmed stays gone, however often it is tried.
    const { redis } = backstage.link;
    await redis.hdel(keys.body(idOf(room)), "5");
    await backstage.sql`UPDATE quarantine SET rewritten_at = NULL WHERE room_id = ${room.id}`;
    await sweep(later, () => false);
    expect(await redis.hexists(keys.body(idOf(room)), "5")).toBe(0);
    const open = await backstage.sql`SELECT 1 FROM quarantine WHERE rewritten_at IS NULL`;
    expect(open).toHaveLength(0);
  });

  test("[G14] a schema that is not up to date holds up the rooms that need it, and no others", async () => {
    const [sick, well] = [await roomOf(3), await roomOf(3)];
    await sick.ada.rest("PUT", `/rooms/${sick.room.id}/messages/1/reactions/👍`);
    const worker = backstage.worker();
    let now = Date.now();
    const drains = () => drain({ ...worker, now: () => now }, { shouldStop: () => false });
    await backstage.sql`ALTER TABLE reactions RENAME TO reactions_of_tomorrow`;
    try {
      await drains();
      expect(await keptLog(backstage, idOf(well.room))).toHaveLength(3);
      expect(await keptLog(backstage, idOf(sick.room))).toHaveLength(0);
      // While it rests, the others are stored together again.
      await say(well.socket, well.room.id, "and on");
      await drains();
      expect(await keptLog(backstage, idOf(well.room))).toHaveLength(4);
      expect((await worker.metrics.heldUp.get()).values[0]?.value).toBe(1);
    } finally {
      await backstage.sql`ALTER TABLE reactions_of_tomorrow RENAME TO reactions`;
    }
    now += 1_000;
    await drains();
    expect(await keptLog(backstage, idOf(sick.room))).toHaveLength(4);
    const aside = await backstage.sql`SELECT 1 FROM quarantine WHERE room_id = ${sick.room.id}`;
    expect(aside).toHaveLength(0);
  });

  test("[G14] trouble that is about the moment puts nothing aside: it is tried again", async () => {
    const { room } = await roomWithFifth((fact) => JSON.stringify(fact));
    // The disk is full just when the fifth message is written; a tombstone would fit.
    await backstage.sql.unsafe(`
      CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW.seq = 5 AND NEW.type = 'message.sent' THEN
          RAISE EXCEPTION 'no space left' USING ERRCODE = '53100';
        END IF;
        RETURN NEW;
      END $$;
      CREATE TRIGGER full_disk BEFORE INSERT ON facts FOR EACH ROW EXECUTE FUNCTION full_disk()`);
    await expect(drainNow()).rejects.toMatchObject({ code: "53100" });
    await backstage.sql`DROP TRIGGER full_disk ON facts`;
    expect(await backstage.sql`SELECT 1 FROM quarantine WHERE room_id = ${room.id}`).toHaveLength(
      0,
    );
    await drainNow();
    const kept = await keptLog(backstage, idOf(room));
    expect(kept.filter(({ type }) => type === "message.sent")).toHaveLength(9);
  });
});
