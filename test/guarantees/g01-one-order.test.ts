import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { v7 as uuidv7 } from "uuid";

import { keys } from "../../db/redis/keys.ts";
import type { Fact } from "../../protocol/facts.ts";
import { eventually } from "../support/eventually.ts";
import { openWorld, say, type World } from "../support/world.ts";
import { type Backstage, idOf, keptLog, metaOf, openBackstage, untilStored } from "./backstage.ts";
import { readerOf, send } from "./reader.ts";

let world: World;
let backstage: Backstage;
beforeAll(async () => {
  world = await openWorld();
  await world.addGateway();
  backstage = await openBackstage(world);
});
afterAll(async () => {
  await backstage.close();
  await world.close();
});

describe("one total order per room", () => {
  test("[G1] what ten people say at once on two gateways has dense seqs and one order everywhere", async () => {
    const ada = await world.person("Ada");
    const room = await ada.openRoom();
    const people = await Promise.all(
      Array.from({ length: 10 }, async (_, i) => {
        const gateway = world.gateways[i % 2];
        return (await world.person(`Person ${i}`)).connect(gateway);
      }),
    );
    const readers = await Promise.all(
      world.gateways.map(async (gateway) => readerOf(await ada.connect(gateway), room.id)),
    );
    const answers = await Promise.all(
      people.flatMap((socket, i) =>
        Array.from({ length: 30 }, (_, k) => say(socket, room.id, `${i}: ${k}`)),
      ),
    );
    const seqs = answers.map(({ seq }) => seq).toSorted((a, b) => a - b);
    expect(seqs).toEqual(Array.from({ length: 300 }, (_, i) => i + 1));
    await eventually(() => {
      for (const reader of readers) expect(reader.seqs).toHaveLength(300);
    });
    await untilStored(backstage, idOf(room), 300);
    const kept = await keptLog(backstage, idOf(room));
    const rest = await ada.rest<{ events: Fact[] }>("GET", `/rooms/${room.id}/events?limit=300`);
    expect(kept.map(({ seq }) => seq)).toEqual(seqs);
    expect(rest.body.events).toEqual(kept);
    for (const reader of readers) {
      expect(reader.problems).toEqual([]);
      expect(reader.facts).toEqual(kept);
    }
  });

  test("[G1] sends of one connection stand in the order in which they were sent", async () => {
    const ada = await world.person("Ada");
    const room = await ada.openRoom();
    const socket = await ada.connect();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => say(socket, room.id, `line ${i}`)),
    );
    expect(answers.map(({ seq }) => seq)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
  });

  test("[G1] seqs past 10^14 stay digits, in the log, in the hints and in Postgres", async () => {
    const ada = await world.person("Ada");
    const room = await ada.openRoom();
    await backstage.sql`UPDATE rooms SET base = 100000000000000 WHERE id = ${room.id}`;
    await backstage.link.redis.flushall();
    const reader = await readerOf(await ada.connect(), room.id);
    const socket = await ada.connect();
    const first = await say(socket, room.id, "far out");
    const second = await say(socket, room.id, "further out");
    expect([first.seq, second.seq]).toEqual([100_000_000_100_001, 100_000_000_100_002]);
    await eventually(() => expect(reader.seqs).toEqual([first.seq, second.seq]));
    await untilStored(backstage, idOf(room), second.seq);
    expect(await metaOf(backstage, idOf(room))).toMatchObject({ head: "100000000100002" });
    expect(await keptLog(backstage, idOf(room))).toEqual(reader.facts);
  });

  test("[G1] an append that Redis refuses leaves nothing behind: the log is written first", async () => {
    const ada = await world.person("Ada");
    const room = await ada.openRoom();
    const socket = await ada.connect();
    await say(socket, room.id, "one");
    const { redis } = backstage.link;
    const id = idOf(room);
    const everything = async () => [
      await metaOf(backstage, id),
      await redis.hgetall(keys.body(id)),
      await redis.hgetall(keys.dedupe(id, 0)),
    ];
    const before = await everything();
    // A stream refuses an id that is not above its last.
    await redis.xadd(keys.log(id), "1-9", "n", "9");
    const clientId = uuidv7();
    await expect(send(socket, room.id, "two", clientId)).rejects.toThrow("message:send");
    expect(await everything()).toEqual(before);
    await redis.xdel(keys.log(id), "1-9");
    await redis.xsetid(keys.log(id), "1-1");
    expect(await send(socket, room.id, "two", clientId)).toMatchObject({
      seq: 2,
      duplicate: false,
    });
  });
});
