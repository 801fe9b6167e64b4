import { afterAll, beforeAll, expect, test } from "@jest/globals";

import { keys } from "../../db/redis/keys.ts";
import { drain } from "../../workers/drain.ts";
import { eventually } from "../support/eventually.ts";
import { openWorld, say, type World } from "../support/world.ts";
import { type Backstage, idOf, keptLog, openBackstage } from "./backstage.ts";
import { openSlowLink } from "./slow-link.ts";

let world: World;
let workers: Backstage[];
beforeAll(async () => {
  world = await openWorld({ worker: false });
  workers = await Promise.all(Array.from({ length: 4 }, () => openBackstage(world)));
});
afterAll(async () => {
  await Promise.all(workers.map((each) => each.close()));
  await world.close();
});

test("[G14] workers that meet the same poison at once put one entry aside, not its neighbours", async () => {
  const [first] = workers;
  if (first === undefined) throw new Error("Nobody works");
  const ada = await world.person("Ada");
  const socket = await ada.connect();
  for (let round = 0; round < 4; round += 1) {
    const rooms = await Promise.all(Array.from({ length: 4 }, () => ada.openRoom()));
    for (const room of rooms) {
      for (let i = 1; i <= 6; i += 1) await say(socket, room.id, `line ${i}`);
      const body = keys.body(idOf(room));
      const third = JSON.parse((await first.link.redis.hget(body, "3")) ?? "") as object;
      // Every other one is refused by Postgres, the rest by ourselves.
      const poison = round % 2 === 0 ? JSON.stringify({ ...third, text: "a\0b" }) : "no fact";
      await first.link.redis.hset(body, "3", poison);
    }
    await Promise.all(workers.map((each) => drain(each.worker(), { shouldStop: () => false })));
    await drain(first.worker(), { shouldStop: () => false });
    for (const room of rooms) {
      const kept = await keptLog(first, idOf(room));
      expect(kept.map(({ seq, type }) => `${seq} ${type}`)).toEqual([
        "1 message.sent",
        "2 message.sent",
        "3 message.removed",
        "4 message.sent",
        "5 message.sent",
        "6 message.sent",
      ]);
      const aside = await first.sql`SELECT seq::int FROM quarantine WHERE room_id = ${room.id}`;
      expect(aside.map(({ seq }) => seq)).toEqual([3]);
    }
  }
});

test("[G14] a worker that is slow to judge does not blame the entry that is next by then", async () => {
  const [quick] = workers;
  if (quick === undefined) throw new Error("Nobody works");
  const link = await openSlowLink(world.stores.databaseUrl);
  const slow = await openBackstage({
    ...world,
    stores: { ...world.stores, databaseUrl: link.url },
  });
  const ada = await world.person("Ada");
  const room = await ada.openRoom();
  const socket = await ada.connect();
  for (let i = 1; i <= 4; i += 1) await say(socket, room.id, `line ${i}`);
  await quick.link.redis.hset(keys.body(idOf(room)), "3", "no fact");
  // It has stored 1 and 2, and has seen that 3 is poison; it hears of its COMMIT late.
  link.stall(/(?<!synchronous_)commit/iu);
  const draining = drain(slow.worker(), { shouldStop: () => false });
  await eventually(() => expect(link.waiting()).toContain("COMMIT"));
  await drain(quick.worker(), { shouldStop: () => false });
  await say(socket, room.id, "line 5");
  link.flow();
  await draining;
  const kept = await keptLog(quick, idOf(room));
  expect(kept.map(({ type }) => type === "message.sent")).toEqual([true, true, false, true, true]);
  await slow.close();
  await link.close();
});
