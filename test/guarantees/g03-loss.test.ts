import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { v7 as uuidv7 } from "uuid";

import { eventually } from "../support/eventually.ts";
import { openWorld, say, type World } from "../support/world.ts";
import {
  type Backstage,
  epochsOf,
  idOf,
  keptLog,
  losePower,
  markAof,
  metaOf,
  openBackstage,
  untilStored,
} from "./backstage.ts";
import { readerOf, send } from "./reader.ts";

let world: World;
let backstage: Backstage;
beforeEach(async () => {
  world = await openWorld({ worker: false });
  backstage = await openBackstage(world);
});
afterEach(async () => {
  await backstage.close();
  await world.close();
});

describe("what Redis loses is announced, and its senders repair it", () => {
  test("[G3] accepted facts lost to FLUSHALL are announced with their range, and sent again they have new seqs", async () => {
    const ada = await world.person("Ada");
    const room = await ada.openRoom();
    const socket = await ada.connect();
    const reader = await readerOf(await ada.connect(), room.id);
    const ids = Array.from({ length: 5 }, () => uuidv7());
    const lost = [];
    for (const [i, id] of ids.entries()) lost.push(await send(socket, room.id, `line ${i}`, id));
    await eventually(() => expect(reader.seqs).toEqual([1, 2, 3, 4, 5]));

    await backstage.link.redis.flushall();
    await eventually(() => expect(reader.resets).toHaveLength(1));
    const [reset] = reader.resets;
    expect(reset).toMatchObject({ epoch: 2, lost: { from: 1 } });
    expect(reset?.lost?.to).toBeGreaterThanOrEqual(5);
    await eventually(() => expect(reader.live).toBe(true));
    expect(reader.facts).toEqual([]);

    const again = [];
    for (const [i, id] of ids.entries()) again.push(await send(socket, room.id, `line ${i}`, id));
    expect(again.every(({ duplicate }) => !duplicate)).toBe(true);
    expect(Math.min(...again.map(({ seq }) => seq))).toBeGreaterThan(reset?.lost?.to ?? Infinity);
    await world.addWorker();
    await untilStored(backstage, idOf(room), again.at(-1)?.seq ?? 0);
    const kept = await keptLog(backstage, idOf(room));
    expect(kept.map((fact) => fact.type === "message.sent" && fact.clientId)).toEqual(ids);
    await eventually(() => expect(reader.facts).toEqual(kept));
    expect(reader.problems).toEqual([]);
  });

  test("[G3] power lost with appendfsync everysec: the tail is lost and announced, the rest goes on", async () => {
    const ada = await world.person("Ada");
    const room = await ada.openRoom();
    const socket = await ada.connect();
    const reader = await readerOf(await ada.connect(), room.id);
    const ids = Array.from({ length: 6 }, () => uuidv7());
    for (const id of ids.slice(0, 3)) await send(socket, room.id, "survives", id);
    const mark = await markAof(backstage);
    for (const id of ids.slice(3)) await send(socket, room.id, "is lost", id);
    await eventually(() => expect(reader.seqs).toEqual([1, 2, 3, 4, 5, 6]));

    await losePower(world, backstage, mark);
    await eventually(() => expect(reader.resets.at(-1)?.lost).toMatchObject({ from: 4 }));
    await eventually(() => expect(reader.live).toBe(true));
    expect(reader.seqs).toEqual([1, 2, 3]);
    const again = await eventually(() =>
      Promise.all(ids.map((id, i) => send(socket, room.id, i < 3 ? "survives" : "is lost", id))),
    );
    expect(again.slice(0, 3).map(({ seq }) => seq)).toEqual([1, 2, 3]);
    const lostTo = reader.resets.at(-1)?.lost?.to ?? Infinity;
    for (const { seq } of again.slice(3)) expect(seq).toBeGreaterThan(lostTo);
    await world.addWorker();
    await untilStored(backstage, idOf(room), again.at(-1)?.seq ?? 0);
    const kept = await keptLog(backstage, idOf(room));
    expect(kept).toHaveLength(6);
    await eventually(() => expect(reader.facts).toEqual(kept));
  });

  test("[G3] a Redis without any file comes back empty: a new epoch, and what was stored is all there", async () => {
    await world.addWorker();
    const ada = await world.person("Ada");
    const room = await ada.openRoom();
    const socket = await ada.connect();
    for (let i = 0; i < 5; i += 1) await say(socket, room.id, `line ${i}`);
    await untilStored(backstage, idOf(room), 5);
    const mark = await markAof(backstage);
    await losePower(world, backstage, { ...mark, size: 0 });
    const late = await eventually(async () => readerOf(await ada.connect(), room.id));
    expect(late.seqs).toEqual([1, 2, 3, 4, 5]);
    const { seq, epoch } = await eventually(() => say(socket, room.id, "and on"));
    expect(epoch).toBe(2);
    expect(seq).toBeGreaterThan(100_000);
    await eventually(() => expect(late.seqs.at(-1)).toBe(seq));
    expect(await epochsOf(backstage, idOf(room))).toEqual([1, 2]);
  });

  test("[G3] a clean-stop marker does not vouch for what an adopted log lost later", async () => {
    const ada = await world.person("Ada");
    const room = await ada.openRoom();
    const socket = await ada.connect();
    await say(socket, room.id, "before the stop");
    const { run = "" } = await metaOf(backstage, idOf(room));
    await backstage.link.redis.set("eddy:clean-stop", run);
    const mark = await markAof(backstage);
    await losePower(world, backstage, null);
    const lost = await eventually(() => say(socket, room.id, "lost with the power"));
    expect(lost).toMatchObject({ seq: 2, epoch: 1 });
    await losePower(world, backstage, mark);
    const next = await eventually(() => say(socket, room.id, "another fact"));
    expect(next.seq).toBeGreaterThan(lost.seq);
    expect(next.epoch).toBe(2);
  });
});
