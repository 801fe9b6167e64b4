import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { Socket } from "socket.io-client";
import { v7 as uuidv7 } from "uuid";

import type { Fact } from "../../protocol/facts.ts";
import type { Room } from "../../protocol/shapes.ts";
import { eventually } from "../support/eventually.ts";
import { ask, openWorld, type Person, say, type World } from "../support/world.ts";
import {
  type Backstage,
  idOf,
  keptLog,
  losePower,
  openBackstage,
  untilStored,
} from "./backstage.ts";
import { type Reader, readerOf } from "./reader.ts";

/** Of the banned person, over both gateways. */
const SENDS_PER_SECOND = 200;
const TICK_MS = 20;

let world: World;
let backstage: Backstage;
beforeEach(async () => {
  world = await openWorld();
  await world.addGateway();
  backstage = await openBackstage(world);
});
afterEach(async () => {
  await backstage.close();
  await world.close();
});

/** Sends at a steady rate, whatever is answered, over all sockets in turn. */
function keepSending(sockets: Socket[], room: Room) {
  let sent = 0;
  const timer = setInterval(() => {
    for (let i = 0; i < (SENDS_PER_SECOND * TICK_MS) / 1_000; i += 1) {
      const input = { room: room.id, clientId: uuidv7(), text: `again ${sent}` };
      sockets[sent % sockets.length]?.emit("message:send", input);
      sent += 1;
    }
  }, TICK_MS);
  return { sent: () => sent, stop: () => clearInterval(timer) };
}

async function untilMoreSent(sending: { sent: () => number }, more: number): Promise<void> {
  const before = sending.sent();
  await eventually(() => expect(sending.sent()).toBeGreaterThan(before + more), {
    withinMs: 20_000,
  });
}

/** The seq of the ban, and whether anything of theirs stands after it. */
function afterBan(facts: readonly Fact[], troll: Person) {
  const ban = facts.findIndex(({ type }) => type === "member.banned");
  expect(ban).toBeGreaterThan(-1);
  return facts.slice(ban + 1).filter(({ by }) => by.id === troll.user.id);
}

async function historiesOf(owner: Person, room: Room): Promise<Fact[][]> {
  const fresh = await Promise.all(
    world.gateways.map(async (gateway) => {
      const reader: Reader = await readerOf(await owner.connect(gateway), room.id, {
        since: { epoch: 0, seq: 0 },
        limit: 500,
      });
      return reader.facts;
    }),
  );
  return [...fresh, await keptLog(backstage, idOf(room))];
}

const disasters: [string, () => Promise<void>][] = [
  ["nothing", async () => {}],
  ["FLUSHALL", async () => void (await backstage.link.redis.flushall())],
  ["kill -9 of Redis", () => losePower(world, backstage, null)],
];

test.each(disasters)(
  "[G8] with 200 messages a second of theirs over two gateways, nothing stands after a ban's seq, anywhere, through %s",
  async (_what, disaster) => {
    const [owner, troll, friend] = await Promise.all([
      world.person("Owner"),
      world.person("Troll"),
      world.person("Friend"),
    ]);
    const room = await owner.openRoom();
    const readersOf = (person: Person) =>
      Promise.all(
        world.gateways.map(async (gateway) => readerOf(await person.connect(gateway), room.id)),
      );
    const [trolls, friends] = await Promise.all([readersOf(troll), readersOf(friend)]);
    const sending = keepSending(
      trolls.map(({ socket }) => socket),
      room,
    );
    await untilMoreSent(sending, 200);
    const { status } = await owner.rest("POST", `/rooms/${room.id}/sanctions`, {
      user: troll.user.id,
      kind: "ban",
      reason: "flooding",
    });
    expect(status).toBe(201);
    await eventually(
      () => {
        for (const { closings } of trolls) expect(closings).toMatchObject([{ reason: "banned" }]);
      },
      { withinMs: 1_000 },
    );
    await disaster();
    await untilMoreSent(sending, 200);
    sending.stop();
    // What was accepted and not stored is gone with Redis' memory; the ban's fact is appended anew (G20).
    await eventually(
      async () => {
        const kept = await keptLog(backstage, idOf(room));
        expect(kept.map(({ type }) => type)).toContain("member.banned");
      },
      { withinMs: 20_000 },
    );
    const { seq } = await eventually(async () => say(await owner.connect(), room.id, "quiet now"), {
      withinMs: 20_000,
    });
    await eventually(
      () => {
        for (const { cursor } of friends) expect(cursor.seq).toBeGreaterThanOrEqual(seq);
      },
      { withinMs: 20_000 },
    );
    await untilStored(backstage, idOf(room), seq, 20_000);
    for (const facts of [...friends.map((one) => one.facts), ...(await historiesOf(owner, room))]) {
      expect(facts.filter(({ by }) => by.id === troll.user.id).length).toBeGreaterThan(50);
      expect(afterBan(facts, troll)).toEqual([]);
    }
    const refused = await Promise.all(
      trolls.map(({ socket }) =>
        ask(socket, "message:send", { room: room.id, clientId: uuidv7(), text: "again" }),
      ),
    );
    expect(refused).toMatchObject(trolls.map(() => ({ ok: false, error: { code: "banned" } })));
  },
);
