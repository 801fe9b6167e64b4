import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { v7 as uuidv7 } from "uuid";

import { appendFact } from "../../db/redis/append-fact.ts";
import { type AppendRequest, factRest } from "../../db/redis/append-facts.ts";
import { keys } from "../../db/redis/keys.ts";
import { noteStored, readHot } from "../../db/redis/room-log.ts";
import { ClientId, type RoomId } from "../../protocol/ids.ts";
import { drain } from "../../workers/drain.ts";
import { eventually } from "../support/eventually.ts";
import { openWorld, type Person, say, type World } from "../support/world.ts";
import { type Backstage, idOf, keptLog, openBackstage } from "./backstage.ts";
import { readerOf } from "./reader.ts";

let world: World;
let backstage: Backstage;
let ada: Person;
beforeAll(async () => {
  world = await openWorld({ worker: false });
  backstage = await openBackstage(world);
  ada = await world.person("Ada");
});
afterAll(async () => {
  await backstage.close();
  await world.close();
});

async function openedRoom(): Promise<RoomId> {
  const room = await ada.openRoom();
  await say(await ada.connect(), room.id, "one");
  return idOf(room);
}

function message(room: RoomId, text: string, clientId = ClientId.parse(uuidv7())): AppendRequest {
  const at = new Date().toISOString();
  const by = { id: ada.user.id, name: ada.user.name };
  return {
    room,
    author: ada.user.id,
    at,
    rest: factRest({ type: "message.sent", at, by, clientId, text, mentions: [] }),
    idempotency: {
      key: `${ada.user.id}:${clientId}`,
      hash: text.replaceAll(" ", "-"),
      bornMs: 0,
      checked: true,
    },
    policy: { version: 1, verdict: null },
    guard: "mute",
    slowModeMs: 0,
    cap: 1_000,
    isMessage: true,
    target: null,
    replyTo: null,
    effects: [],
  };
}

test("[G1] what one turn says in many rooms has the order in which it was said, in each", async () => {
  const rooms = await Promise.all(Array.from({ length: 5 }, openedRoom));
  const readers = await Promise.all(rooms.map(async (room) => readerOf(await ada.connect(), room)));
  // More than one call carries.
  const results = await Promise.all(
    Array.from({ length: 200 }, (_, i) =>
      appendFact(backstage.link, message(rooms[i % 5] as RoomId, `line ${Math.floor(i / 5)}`)),
    ),
  );
  expect(results.map((result) => ("seq" in result ? result.seq : result.status))).toEqual(
    Array.from({ length: 200 }, (_, i) => 2 + Math.floor(i / 5)),
  );
  await eventually(() => {
    for (const { facts, problems } of readers) {
      const texts = facts.map((fact) => ("text" in fact ? fact.text : fact.type));
      expect(texts).toEqual(["one", ...Array.from({ length: 40 }, (_, k) => `line ${k}`)]);
      expect(problems).toEqual([]);
    }
  });
  await drain(backstage.worker(), { shouldStop: () => false });
  for (const [i, room] of rooms.entries()) {
    expect(await keptLog(backstage, room)).toEqual(readers[i]?.facts);
  }
});

test("[G4] the same send twice in one turn is one message; other words under its clientId clash", async () => {
  const room = await openedRoom();
  const clientId = ClientId.parse(uuidv7());
  const [first, again, other] = await Promise.all([
    appendFact(backstage.link, message(room, "two", clientId)),
    appendFact(backstage.link, message(room, "two", clientId)),
    appendFact(backstage.link, message(room, "else", clientId)),
  ]);
  expect(first).toMatchObject({ status: "accepted", seq: 2 });
  expect(again).toMatchObject({ status: "duplicate", seq: 2 });
  expect(other).toEqual({ status: "conflict" });
});

test("[G1] a room that Redis cannot write costs the rooms beside it nothing", async () => {
  const [good, broken, last] = await Promise.all([openedRoom(), openedRoom(), openedRoom()]);
  const { redis } = backstage.link;
  await redis.set(keys.log(broken), "no stream");
  const results = await Promise.allSettled(
    [good, broken, last].map((room) => appendFact(backstage.link, message(room, "two"))),
  );
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  for (const room of [good, last]) {
    const hot = await readHot(backstage.link, { room, way: "after", position: 1, limit: 10 });
    expect(hot).toMatchObject({ head: 2, entries: [{ seq: 2 }] });
  }
  // Nor does telling what is stored: those after it are told, and trimmed.
  const noting = noteStored(
    backstage.link,
    [broken, good].map((room) => ({ room, seq: 1 })),
    1,
  );
  await expect(noting).rejects.toThrow(broken);
  expect(await redis.xlen(keys.log(good))).toBe(1);
});

test("[G15] a Redis that is full says so, and loses nothing of what it has", async () => {
  const room = await openedRoom();
  const { redis } = backstage.link;
  await redis.config("SET", "maxmemory", 1);
  try {
    const refused = appendFact(backstage.link, message(room, "too much"));
    await expect(refused).rejects.toThrow(/^OOM/u);
    await expect(say(await ada.connect(), room, "too much")).rejects.toThrow("unavailable");
  } finally {
    await redis.config("SET", "maxmemory", 0);
  }
  await expect(say(await ada.connect(), room, "enough")).resolves.toMatchObject({ seq: 2 });
});
