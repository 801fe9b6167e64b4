import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { v1 as uuidv1, v4 as uuidv4, v7 as uuidv7 } from "uuid";

import { keys } from "../../db/redis/keys.ts";
import { type RoomId, timeInside } from "../../protocol/ids.ts";
import type { Room } from "../../protocol/shapes.ts";
import { eventually } from "../support/eventually.ts";
import { ask, command, openWorld, say, type World } from "../support/world.ts";
import {
  type Backstage,
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
beforeAll(async () => {
  world = await openWorld();
  await world.addGateway();
  backstage = await openBackstage(world);
});
afterAll(async () => {
  await backstage.close();
  await world.close();
});

async function roomOfAda() {
  const ada = await world.person("Ada");
  const room = await ada.openRoom();
  return { ada, room, id: idOf(room), socket: await ada.connect() };
}

/** An id that was made long ago, as those are that only Postgres remembers. */
const madeLongAgo = () => uuidv7({ msecs: Date.now() - 7_200_000 });

/** What time does to the windows: both have turned, and what they named is in Postgres only. */
async function forgetWindows(id: RoomId): Promise<void> {
  const { redis } = backstage.link;
  await redis.del(keys.dedupe(id, 0), keys.dedupe(id, 1));
  await redis.hset(keys.meta(id), "since", Date.now() - 300_000);
}

/** An id of a clock that runs ahead, so little that time catches up with it soon. */
const madeAhead = (moreMs = 0) => uuidv7({ msecs: Date.now() + 61_500 + moreMs });

/** Waits until an id may be of a clock that is right: the append script allows for a minute. */
async function untilTimeCatchesUp(clientId: string): Promise<void> {
  await eventually(async () => {
    const [seconds] = await backstage.link.redis.time();
    expect(Number(seconds) * 1_000).toBeGreaterThan(timeInside(clientId) - 60_000);
  });
}

/** How often a clientId stands in the log that everyone reads. */
async function timesInLog(room: Room, clientId: string): Promise<number> {
  const eve = await world.person("Eve");
  const { facts } = await readerOf(await eve.connect(), room.id, { since: { epoch: 0, seq: 0 } });
  return facts.filter((fact) => fact.type === "message.sent" && fact.clientId === clientId).length;
}

describe("a send is the same send for as long as its message exists", () => {
  test("[G4] sent again at once, on another gateway and over REST, it keeps its seq", async () => {
    const { ada, room, socket } = await roomOfAda();
    const [, other] = world.gateways;
    const clientId = uuidv7();
    const first = await send(socket, room.id, "hello", clientId);
    expect(first).toMatchObject({ seq: 1, duplicate: false });
    const again = await send(socket, room.id, "hello", clientId);
    const elsewhere = await send(
      await ada.connect(other),
      room.id,
      "hello",
      clientId.toUpperCase(),
    );
    expect([again, elsewhere]).toEqual([
      { ...first, ok: true, duplicate: true },
      { ...first, ok: true, duplicate: true },
    ]);
    const rest = await ada.rest(
      "POST",
      `/rooms/${room.id}/messages`,
      { text: "hello" },
      {
        headers: { "Idempotency-Key": clientId },
        ...(other === undefined ? {} : { gateway: other }),
      },
    );
    expect(rest.body).toMatchObject({ seq: 1, at: first.at, duplicate: true });
    expect(await timesInLog(room, clientId)).toBe(1);
  });

  test("[G4] twenty copies that race on two gateways become one message", async () => {
    const { ada, room } = await roomOfAda();
    const sockets = await Promise.all(
      Array.from({ length: 20 }, (_, i) => ada.connect(world.gateways[i % 2])),
    );
    for (const clientId of [uuidv7(), uuidv4()]) {
      const answers = await Promise.all(
        sockets.map((socket) => send(socket, room.id, "me first", clientId)),
      );
      expect(new Set(answers.map(({ seq }) => seq)).size).toBe(1);
      expect(answers.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
      expect(await timesInLog(room, clientId)).toBe(1);
    }
  });

  test("[G4] twenty copies that race just after a loss of Redis become one message", async () => {
    const { ada, room, id } = await roomOfAda();
    const sockets = await Promise.all(
      Array.from({ length: 20 }, (_, i) => ada.connect(world.gateways[i % 2])),
    );
    const [socket] = sockets;
    if (socket === undefined) throw new Error("no socket");
    const stored = uuidv7();
    const { seq } = await send(socket, room.id, "stored", stored);
    await untilStored(backstage, id, seq);
    await backstage.link.redis.flushall();
    const fresh = uuidv7();
    const answers = await Promise.all(
      sockets.flatMap((each) => [
        send(each, room.id, "stored", stored),
        send(each, room.id, "fresh", fresh),
      ]),
    );
    const seqs = new Set(answers.map((answer) => answer.seq));
    expect(seqs.size).toBe(2);
    expect(seqs).toContain(seq);
    expect(await timesInLog(room, stored)).toBe(1);
    expect(await timesInLog(room, fresh)).toBe(1);
  });

  test("[G4] other words under the same clientId are a conflict, from the window and from Postgres", async () => {
    const { room, id, socket } = await roomOfAda();
    const clientId = madeLongAgo();
    await say(socket, room.id, "something to reply to");
    const { seq } = await send(socket, room.id, "this", clientId);
    const conflict = { ok: false, error: { code: "conflict" } };
    const others = () =>
      Promise.all([
        ask(socket, "message:send", { room: room.id, clientId, text: "that" }),
        ask(socket, "message:send", { room: room.id, clientId, text: "this", replyTo: 1 }),
      ]);
    expect(await others()).toMatchObject([conflict, conflict]);
    await untilStored(backstage, id, seq);
    await forgetWindows(id);
    expect(await others()).toMatchObject([conflict, conflict]);
    expect(await send(socket, room.id, "this", clientId)).toMatchObject({ seq, duplicate: true });
  });

  test("[G4] another person's same clientId is another send", async () => {
    const { room, socket } = await roomOfAda();
    const grace = await world.person("Grace");
    const clientId = uuidv7();
    const hers = await send(socket, room.id, "mine", clientId);
    const his = await send(await grace.connect(), room.id, "mine, too", clientId);
    expect([hers.seq, his.seq]).toEqual([1, 2]);
  });

  test.each([
    ["UUIDv7", madeLongAgo],
    ["UUIDv4", () => uuidv4()],
    ["UUIDv1", () => uuidv1()],
  ])("[G4] when the windows have turned, Postgres remembers a %s", async (_kind, makeId) => {
    const { room, id, socket } = await roomOfAda();
    const clientId = makeId();
    const { seq, at } = await send(socket, room.id, "long ago", clientId);
    await untilStored(backstage, id, seq);
    await forgetWindows(id);
    const again = await send(socket, room.id, "long ago", clientId);
    expect(again).toMatchObject({ seq, at, duplicate: true });
    expect(await timesInLog(room, clientId)).toBe(1);
  });

  test("[G4] a window is only forgotten once all that it names is stored", async () => {
    const { room, id, socket } = await roomOfAda();
    await world.worker?.stop();
    const clientId = madeLongAgo();
    const { seq } = await send(socket, room.id, "not stored yet", clientId);
    const { redis } = backstage.link;
    const longAgo = Date.now() - 3_600_000;
    for (let turns = 0; turns < 3; turns += 1) {
      await redis.hset(keys.meta(id), "turnedAt", longAgo);
      await say(socket, room.id, `time goes by ${turns}`);
    }
    expect(await send(socket, room.id, "not stored yet", clientId)).toMatchObject({ seq });
    expect(await timesInLog(room, clientId)).toBe(1);
    await world.addWorker();
    await untilStored(backstage, id, 4);
    // Stored, the windows may turn; the send stays the same.
    for (let turns = 0; turns < 3; turns += 1) {
      await redis.hset(keys.meta(id), "turnedAt", longAgo, "turnedSeq", "0");
      await say(socket, room.id, `and by ${turns}`);
    }
    expect(await send(socket, room.id, "not stored yet", clientId)).toMatchObject({ seq });
    expect(await timesInLog(room, clientId)).toBe(1);
  });

  test.each([
    ["right", 0],
    ["ten minutes slow", -600_000],
    ["ten minutes fast", 600_000],
  ])(
    "[G4] after a loss of Redis a stored send keeps its seq, its sender's clock being %s",
    async (_clock, aheadMs) => {
      const { room, id, socket } = await roomOfAda();
      const clientId = uuidv7({ msecs: Date.now() + aheadMs });
      const { seq } = await send(socket, room.id, "stored", clientId);
      await untilStored(backstage, id, seq);
      await backstage.link.redis.flushall();
      expect(await send(socket, room.id, "stored", clientId)).toMatchObject({
        seq,
        duplicate: true,
      });
      expect(await timesInLog(room, clientId)).toBe(1);
    },
  );

  test("[G4] an id of a fast clock is the same send when time has caught up with it, after a loss of Redis", async () => {
    const { room, id, socket } = await roomOfAda();
    const clientId = madeAhead();
    const { seq } = await send(socket, room.id, "from the future", clientId);
    await untilStored(backstage, id, seq);
    await backstage.link.redis.flushall();
    await say(socket, room.id, "a new log, before its time");
    expect(Number((await metaOf(backstage, id))["since"])).toBeLessThan(
      timeInside(clientId) - 60_000,
    );
    await untilTimeCatchesUp(clientId);
    expect(await send(socket, room.id, "from the future", clientId)).toMatchObject({
      seq,
      duplicate: true,
    });
    expect(await timesInLog(room, clientId)).toBe(1);
  });

  test("[G4] and so it is when the windows have turned, or when it survived a restart unstored", async () => {
    const { room, id, socket } = await roomOfAda();
    const [turned, survives] = [madeAhead(), madeAhead(500)];
    const one = await send(socket, room.id, "from the future", turned);
    await untilStored(backstage, id, one.seq);
    await forgetWindows(id);
    await world.worker?.stop();
    const two = await send(socket, room.id, "unstored, too", survives);
    await markAof(backstage);
    await losePower(world, backstage, null);
    await eventually(() => say(socket, room.id, "another run of Redis"));
    await world.addWorker();
    await untilStored(backstage, id, two.seq);
    await untilTimeCatchesUp(survives);
    await forgetWindows(id);
    expect(await send(socket, room.id, "from the future", turned)).toMatchObject({
      seq: one.seq,
      duplicate: true,
    });
    expect(await send(socket, room.id, "unstored, too", survives)).toMatchObject({
      seq: two.seq,
      duplicate: true,
    });
  });

  test("[G4] who lives in the future asks Postgres for each of their sends, and nobody else does", async () => {
    const { room, id, socket } = await roomOfAda();
    const grace = await world.person("Grace");
    const graces = await grace.connect();
    await say(socket, room.id, "warm");
    await send(graces, room.id, "from the year 10000", uuidv7({ msecs: 253_402_300_800_000 }));
    await backstage.link.redis.hset(keys.meta(id), "since", Date.now() - 300_000);
    await backstage.sql`ALTER TABLE facts RENAME TO facts_away`;
    const hers = await send(socket, room.id, "without Postgres");
    const refused = await ask(graces, "message:send", {
      room: room.id,
      clientId: uuidv7(),
      text: "may be of any time",
    });
    await backstage.sql`ALTER TABLE facts_away RENAME TO facts`;
    expect(hers).toMatchObject({ seq: 3, duplicate: false });
    expect(refused.ok).toBe(false);
  });

  test("[G4] what ran ahead is forgotten when the windows reach past it", async () => {
    const { room, id, socket } = await roomOfAda();
    await send(socket, room.id, "from the future", madeAhead());
    await untilStored(backstage, id, 1);
    const { redis } = backstage.link;
    expect(await redis.hlen(keys.ahead(id))).toBe(1);
    await redis.hset(keys.meta(id), "turnedAt", Date.now() - 3_600_000);
    await say(socket, room.id, "the windows turn, too early");
    expect(await redis.hlen(keys.ahead(id))).toBe(1);
    await redis.hset(keys.meta(id), {
      ahead: Date.now() - 7_200_000,
      turnedAt: Date.now() - 3_600_000,
    });
    await untilStored(backstage, id, 2);
    await say(socket, room.id, "the windows turn");
    expect(await redis.exists(keys.ahead(id))).toBe(0);
  });

  test("[G4] a send that survived a restart of Redis without being stored keeps its seq", async () => {
    const { room, id, socket } = await roomOfAda();
    await world.worker?.stop();
    const clientId = uuidv7();
    const { seq } = await send(socket, room.id, "survives", clientId);
    // A busy disk makes Redis hold its writes back; only what it wrote survives a kill.
    await markAof(backstage);
    await losePower(world, backstage, null);
    const again = await eventually(() => send(socket, room.id, "survives", clientId));
    expect(again).toMatchObject({ seq, duplicate: true });
    await world.addWorker();
    await untilStored(backstage, id, seq);
    expect(await keptLog(backstage, id)).toHaveLength(1);
  });

  test("[G4] an edited and a removed message still answer their first send", async () => {
    const { room, id, socket } = await roomOfAda();
    const [edited, removed] = [madeLongAgo(), madeLongAgo()];
    const one = await send(socket, room.id, "to be edited", edited);
    const two = await send(socket, room.id, "to be removed", removed);
    await command(socket, "message:edit", { room: room.id, seq: one.seq, text: "edited" });
    const last = await command(socket, "message:remove", { room: room.id, seq: two.seq });
    const again = () =>
      Promise.all([
        send(socket, room.id, "to be edited", edited),
        send(socket, room.id, "to be removed", removed),
      ]);
    const same = [
      { seq: one.seq, duplicate: true },
      { seq: two.seq, duplicate: true },
    ];
    expect(await again()).toMatchObject(same);
    await untilStored(backstage, id, last.seq);
    await forgetWindows(id);
    expect(await again()).toMatchObject(same);
    await backstage.link.redis.flushall();
    expect(await again()).toMatchObject(same);
    const reader = await readerOf(socket, room.id);
    expect(reader.texts).toEqual(["edited", undefined]);
  });

  test("[G4] what was accepted before the room was locked stays accepted, what was not is refused", async () => {
    const { ada, room, id } = await roomOfAda();
    const grace = await world.person("Grace");
    const socket = await grace.connect(world.gateways[1]);
    const clientId = madeLongAgo();
    const { seq } = await send(socket, room.id, "before the lock", clientId);
    const { status } = await ada.rest("PATCH", `/rooms/${room.id}`, { locked: true });
    expect(status).toBe(200);
    const late = { room: room.id, clientId: uuidv7(), text: "after the lock" };
    expect(await ask(socket, "message:send", late)).toMatchObject({
      error: { code: "locked" },
    });
    expect(await send(socket, room.id, "before the lock", clientId)).toMatchObject({ seq });
    await untilStored(backstage, id, seq);
    await forgetWindows(id);
    expect(await send(socket, room.id, "before the lock", clientId)).toMatchObject({ seq });
  });

  test("[G4] a fresh UUIDv7 does not wait for Postgres, and one that may be old is not guessed about without it", async () => {
    const { room, id, socket } = await roomOfAda();
    await say(socket, room.id, "warm");
    await backstage.link.redis.hset(keys.meta(id), "since", Date.now() - 300_000);
    await backstage.sql`ALTER TABLE facts RENAME TO facts_away`;
    const old = { room: room.id, clientId: uuidv4(), text: "maybe said before" };
    const fresh = await send(socket, room.id, "without Postgres");
    const refused = await ask(socket, "message:send", old);
    await backstage.sql`ALTER TABLE facts_away RENAME TO facts`;
    expect(fresh).toMatchObject({ seq: 2, duplicate: false });
    expect(refused.ok).toBe(false);
    expect(await metaOf(backstage, id)).toMatchObject({ head: "2" });
  });
});
