import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";

import { readDirtyRooms } from "../../db/redis/dirty.ts";
import { queuePrefix } from "../../db/redis/queues.ts";
import { noteStored } from "../../db/redis/room-log.ts";
import { openWorld, say, type World } from "../support/world.ts";
import { type Backstage, idOf, keptLog, openBackstage, untilStored } from "./backstage.ts";

let world: World;
let backstage: Backstage;
beforeAll(async () => {
  world = await openWorld();
  backstage = await openBackstage(world);
});
afterAll(async () => {
  await backstage.close();
  await world.close();
});

async function forgetAllJobs(): Promise<void> {
  const { redis } = backstage.link;
  const jobs = await redis.keys(`${queuePrefix}*`);
  if (jobs.length > 0) await redis.del(...jobs);
}

describe("every accepted fact gets stored", () => {
  test("[G12] although every job is deleted as soon as it is made", async () => {
    const ada = await world.person("Ada");
    const room = await ada.openRoom();
    const socket = await ada.connect();
    for (let i = 0; i < 30; i += 1) {
      await say(socket, room.id, `line ${i}`);
      await forgetAllJobs();
    }
    await untilStored(backstage, idOf(room), 30, 4_000);
  });

  test("[G12] a fact that comes while its room is drained keeps the room dirty", async () => {
    const ada = await world.person("Ada");
    const room = await ada.openRoom();
    const socket = await ada.connect();
    await world.worker?.stop();
    await say(socket, room.id, "read by the drain");
    await say(socket, room.id, "comes after the rows were read");
    // What a drain says that read the first only.
    await noteStored(backstage.link, [{ room: idOf(room), seq: 1 }], 1_000);
    expect(await readDirtyRooms(backstage.link)).toContain(room.id);
    await noteStored(backstage.link, [{ room: idOf(room), seq: 2 }], 1_000);
    expect(await readDirtyRooms(backstage.link)).not.toContain(room.id);
  });

  test("[G12] what was accepted while no worker ran is stored when one starts", async () => {
    const ada = await world.person("Ada");
    const rooms = await Promise.all([
      ada.openRoom("One"),
      ada.openRoom("Two"),
      ada.openRoom("Three"),
    ]);
    const socket = await ada.connect();
    for (const room of rooms)
      for (let i = 0; i < 20; i += 1) await say(socket, room.id, `line ${i}`);
    await forgetAllJobs();
    await world.addWorker();
    for (const room of rooms) {
      await untilStored(backstage, idOf(room), 20);
      expect(await keptLog(backstage, idOf(room))).toHaveLength(20);
    }
  });
});
