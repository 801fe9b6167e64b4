import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";

import { keys } from "../../db/redis/keys.ts";
import type { Fact } from "../../protocol/facts.ts";
import { drain } from "../../workers/drain.ts";
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

/** A room of nine messages whose fifth entry is made into something else before it is stored. */
async function roomWithFifth(spoil: (fact: Fact & { type: "message.sent" }) => string) {
  const ada = await world.person("Ada");
  const room = await ada.openRoom();
  const socket = await ada.connect();
  for (let i = 1; i <= 9; i += 1) await say(socket, room.id, `line ${i}`);
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
