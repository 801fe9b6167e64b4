import { afterEach, describe, expect, test } from "@jest/globals";

import { readAfter, readStanding } from "../../db/history.ts";
import { follows } from "../../db/postgres/store-facts.ts";
import { keys } from "../../db/redis/keys.ts";
import { seedRoom } from "../../db/redis/room-log.ts";
import { readLostRange } from "../../db/seed-room.ts";
import { RoomFeed } from "../../server/feed/room-feed.ts";
import { eventually } from "../support/eventually.ts";
import { openWorld, say, type World } from "../support/world.ts";
import {
  type Backstage,
  epochsOf,
  idOf,
  keptLog,
  losePower,
  metaOf,
  openBackstage,
  untilStored,
} from "./backstage.ts";
import { Reader, readerOf } from "./reader.ts";

/** Seqs that a new epoch skips, at least: more than can be accepted and lost. */
const EPOCH_JUMP = 100_000;

let world: World;
let backstage: Backstage;
const begin = async (appendfsync: "always" | "everysec" = "everysec") => {
  world = await openWorld({ appendfsync });
  backstage = await openBackstage(world);
  const ada = await world.person("Ada");
  const room = await ada.openRoom();
  return { ada, room, id: idOf(room), socket: await ada.connect() };
};
afterEach(async () => {
  await backstage.close();
  await world.close();
});

describe("a loss of Redis' state is a new epoch, and nothing else is", () => {
  test("[G7] a restart with everysec begins a new epoch far above, and what survived is kept and stored", async () => {
    const { ada, room, id, socket } = await begin();
    await world.worker?.stop();
    for (let i = 0; i < 4; i += 1) await say(socket, room.id, `line ${i}`);
    await losePower(world, backstage, null);
    // Nobody has read the log since: the append itself must not believe it.
    const next = await eventually(() => say(socket, room.id, "and on"));
    const reader = await readerOf(await ada.connect(), room.id, { since: { epoch: 1, seq: 4 } });
    expect(next).toMatchObject({ epoch: 2, seq: 4 + EPOCH_JUMP + 1 });
    expect(reader.replies.at(-1)).toMatchObject({ epoch: 2 });
    await world.addWorker();
    await untilStored(backstage, id, next.seq);
    const kept = await keptLog(backstage, id);
    expect(kept.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, next.seq]);
    const all = await readerOf(await ada.connect(), room.id, { since: { epoch: 0, seq: 0 } });
    expect(all.facts).toEqual(kept);
    await eventually(() => expect(reader.seqs).toEqual([next.seq]));
    expect(reader.problems).toEqual([]);
  });

  test("[G7] with appendfsync always a killed Redis loses nothing: the same epoch carries on", async () => {
    const { ada, room, id, socket } = await begin("always");
    await world.worker?.stop();
    for (let i = 0; i < 3; i += 1) await say(socket, room.id, `line ${i}`);
    const reader = await readerOf(await ada.connect(), room.id);
    await losePower(world, backstage, null);
    const next = await eventually(() => say(socket, room.id, "and on"));
    expect(next).toMatchObject({ epoch: 1, seq: 4 });
    await eventually(() => expect(reader.seqs).toEqual([1, 2, 3, 4]));
    expect(reader.resets).toEqual([]);
    expect(await epochsOf(backstage, id)).toEqual([1]);
  });

  test("[G7] a Redis that was stopped after its last writer carries on in its epoch", async () => {
    const { room, id, socket } = await begin();
    await say(socket, room.id, "one");
    await untilStored(backstage, id, 1);
    const { run = "" } = await metaOf(backstage, id);
    await backstage.link.redis.set(keys.cleanStop, run);
    await losePower(world, backstage, null);
    const next = await eventually(() => say(socket, room.id, "two"));
    expect(next).toMatchObject({ epoch: 1, seq: 2 });
    expect(await epochsOf(backstage, id)).toEqual([1]);
  });

  test("[G7] gateways that find the loss at the same time begin one epoch, not one each", async () => {
    const { ada, room, id, socket } = await begin();
    await world.addGateway();
    await say(socket, room.id, "one");
    await untilStored(backstage, id, 1);
    const others = await Promise.all(
      world.gateways.flatMap((gateway) => [ada.connect(gateway), ada.connect(gateway)]),
    );
    for (let losses = 1; losses <= 5; losses += 1) {
      await backstage.link.redis.flushall();
      const answers = await Promise.all(
        others.map((each, i) => say(each, room.id, `after loss ${losses}, from ${i}`)),
      );
      expect(new Set(answers.map(({ epoch }) => epoch))).toEqual(new Set([losses + 1]));
      expect(new Set(answers.map(({ seq }) => seq)).size).toBe(others.length);
      const epochs = await epochsOf(backstage, id);
      expect(epochs).toHaveLength(losses + 1);
    }
  });

  test("[G7] a log whose rebuilding was planned by a process that died is rebuilt by the next, and stored to its end", async () => {
    const { ada, room, id, socket } = await begin();
    await world.worker?.stop();
    for (let i = 0; i < 5; i += 1) await say(socket, room.id, `line ${i}`);
    // Planned with facts 1 to 5 standing; then the planner died, and Redis lost them, too.
    await backstage.sql`
      WITH planned AS (UPDATE rooms SET epoch = 2, base = ${5 + EPOCH_JUMP} WHERE id = ${id})
      INSERT INTO room_epochs (room_id, epoch, base, previous_end)
      VALUES (${id}, 2, ${5 + EPOCH_JUMP}, 5)`;
    await backstage.link.redis.flushall();
    const next = await eventually(() => say(socket, room.id, "and on"));
    expect(next.seq).toBeGreaterThan(5 + EPOCH_JUMP);
    await world.addWorker();
    await untilStored(backstage, id, next.seq);
    const last = await say(socket, room.id, "and further on");
    const since = { epoch: 1, seq: 0 };
    const reader = await readerOf(await ada.connect(), room.id, {
      since,
      limit: 1,
      catchUp: "newest",
    });
    expect(reader.seqs).toEqual([last.seq]);
    expect(reader.replies[0]?.skipped).toMatchObject({ from: next.seq, to: next.seq, count: 1 });
  });

  test("[G7] a cursor of an epoch that is over is told from where to read again", async () => {
    const { ada, room, id, socket } = await begin();
    for (let i = 0; i < 3; i += 1) await say(socket, room.id, `line ${i}`);
    await untilStored(backstage, id, 3);
    await world.worker?.stop();
    await say(socket, room.id, "lost");
    await backstage.link.redis.flushall();
    const next = await say(socket, room.id, "new");
    for (const { since, resetTo, seqs } of [
      // Everything that this one holds still stands.
      { since: { epoch: 1, seq: 2 }, resetTo: 2, seqs: [3, next.seq] },
      { since: { epoch: 1, seq: 4 }, resetTo: 3, seqs: [next.seq] },
      // Cursors from nowhere: past the head, and of an epoch that never was.
      { since: { epoch: 2, seq: next.seq + 10 }, resetTo: next.seq, seqs: [] },
      { since: { epoch: 9, seq: 1 }, resetTo: 1, seqs: [2, 3, next.seq] },
    ]) {
      const reader = new Reader(await ada.connect(), room.id);
      await reader.enter({ since });
      expect({ since, resetTo: reader.replies[0]?.resetTo, seqs: reader.seqs }).toEqual({
        since,
        resetTo,
        seqs,
      });
      expect(reader.problems).toEqual([]);
    }
  });

  test("[G7] two losses that a feed finds at once are told with all that may be lost, and to every cursor", async () => {
    const { ada, room, id, socket } = await begin();
    for (let i = 0; i < 3; i += 1) await say(socket, room.id, `line ${i}`);
    await untilStored(backstage, id, 3);
    await world.worker?.stop();
    await say(socket, room.id, "lost with the first");
    const told: unknown[] = [];
    const feed = new RoomFeed({
      readAfter: (after, limit) => readAfter(backstage.stores, { room: id, after, limit }),
      readHead: () => readStanding(backstage.stores, id),
      readLost: (since, epoch) => readLostRange(backstage.stores, id, { since, epoch }),
      deliver: () => {},
      reset: (epoch, lost) => told.push({ epoch, lost }),
      schedule: (run) => run(),
      onGap: () => {},
      onError: () => {},
    });
    await feed.open();
    await backstage.link.redis.flushall();
    const second = await say(socket, room.id, "stands, between the two");
    await world.addWorker();
    await untilStored(backstage, id, second.seq);
    await world.worker?.stop();
    const lost = await say(socket, room.id, "lost with the second");
    await backstage.link.redis.flushall();
    const third = await say(socket, room.id, "stands");
    expect([second.epoch, third.epoch]).toEqual([2, 3]);
    // It was deaf to both, and looks now.
    await feed.repair();
    expect(told).toEqual([{ epoch: 3, lost: { from: 4, to: third.seq - 1 } }]);
    for (const { since, resetTo, seqs } of [
      { since: { epoch: 1, seq: 4 }, resetTo: 3, seqs: [second.seq, third.seq] },
      { since: { epoch: 2, seq: lost.seq }, resetTo: second.seq, seqs: [third.seq] },
    ]) {
      const reader = new Reader(await ada.connect(), room.id);
      await reader.enter({ since });
      expect(reader.replies[0]).toMatchObject({ epoch: 3, resetTo });
      expect(reader.seqs).toEqual(seqs);
    }
  });

  test("[G7] a seed that reaches Redis after its deadline is refused", async () => {
    const { room, id, socket } = await begin();
    await say(socket, room.id, "one");
    await untilStored(backstage, id, 1);
    const before = await metaOf(backstage, id);
    const status = await seedRoom(backstage.link, {
      room: id,
      run: backstage.link.run(),
      deadlineMs: Date.now() - 10,
      epoch: 2,
      base: EPOCH_JUMP,
      stored: 1,
      n: 1,
      policy: 1,
      adopt: false,
      lost: null,
      end: 1,
      sanctions: [],
      liftings: [],
      ahead: [],
    });
    expect(status).toBe("late");
    expect(await metaOf(backstage, id)).toEqual(before);
  });
});

describe("what may follow what is stored", () => {
  test("[G7] a generation's first fact follows the end of what stood, however many were planned between", () => {
    const planned = { base: 100_010, previousEnd: 10 };
    const real = { base: 200_010, previousEnd: 8 };
    expect(follows({ storedSeq: 8, epochs: [planned, real] }, 200_011)).toBe(true);
    expect(follows({ storedSeq: 7, epochs: [planned, real] }, 200_011)).toBe(false);
    expect(follows({ storedSeq: 10, epochs: [planned] }, 100_011)).toBe(true);
    expect(follows({ storedSeq: 9, epochs: [planned] }, 100_011)).toBe(false);
    expect(follows({ storedSeq: 9, epochs: [planned] }, 10)).toBe(true);
    expect(follows({ storedSeq: 9, epochs: [planned] }, 11)).toBe(false);
  });
});
