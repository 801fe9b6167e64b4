import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { Socket } from "socket.io-client";
import { v7 as uuidv7 } from "uuid";

import { verifyAudit } from "../../db/postgres/audit.ts";
import type { Fact, FactOf } from "../../protocol/facts.ts";
import type { Room } from "../../protocol/shapes.ts";
import { sweep } from "../../workers/sweep.ts";
import { eventually } from "../support/eventually.ts";
import { ask, openWorld, type Person, say, type World } from "../support/world.ts";
import { type Backstage, idOf, keptLog, openBackstage } from "./backstage.ts";
import { readerOf } from "./reader.ts";

let world: World;
let backstage: Backstage;
beforeEach(async () => {
  world = await openWorld({ worker: false });
  await world.addGateway();
  backstage = await openBackstage(world);
});
afterEach(async () => {
  await backstage.close();
  await world.close();
});

async function tryToSay(socket: Socket, room: Room, text = "hello"): Promise<string> {
  const reply = await ask(socket, "message:send", { room: room.id, clientId: uuidv7(), text });
  return reply.ok ? "said" : reply.error.code;
}

/** A room with its owner, and somebody who entered and speaks over both gateways. */
async function roomWithGuest() {
  const [owner, guest] = (await Promise.all(
    ["Owner", "Guest"].map((name) => world.person(name)),
  )) as [Person, Person];
  const room = await owner.openRoom();
  const sockets = await Promise.all(world.gateways.map((gateway) => guest.connect(gateway)));
  for (const socket of sockets) await ask(socket, "room:enter", { room: room.id });
  for (const socket of sockets) await say(socket, room.id, "before");
  return { owner, guest, room, sockets: sockets as [Socket, Socket] };
}

function raid(owner: Person, room: Room, body: object = {}) {
  return owner.rest<Room>("PUT", `/rooms/${room.id}/raid`, body);
}

const patch = (owner: Person, room: Room, changes: object) =>
  owner.rest<Room>("PATCH", `/rooms/${room.id}`, changes);

/** Asks for the guest to be new: the raid began long after they came otherwise. */
const EVERYBODY_IS_NEW = { seconds: 600, newMinutes: 60 };

type Switch = [string, (owner: Person, room: Room) => Promise<{ status: number }>];
const switches: Switch[] = [
  ["raid mode", (owner, room) => raid(owner, room, EVERYBODY_IS_NEW)],
  ["a lock to moderators", (owner, room) => patch(owner, room, { speakers: "moderators" })],
  [
    "a lock to who has settled",
    (owner, room) => patch(owner, room, { speakers: "settled", settledSeconds: 3_600 }),
  ],
];

test.each(switches)(
  "[G8] with a flood over two gateways, nothing of theirs stands after the seq of %s, nor after FLUSHALL",
  async (_what, switchOn) => {
    const { owner, guest, room, sockets } = await roomWithGuest();
    const viewer = await readerOf(await owner.connect(world.gateways[1]), room.id);
    let sent = 0;
    const flood = setInterval(() => {
      const input = { room: room.id, clientId: uuidv7(), text: `flood ${sent}` };
      sockets[sent % 2]?.emit("message:send", input);
      sent += 1;
    }, 5);
    try {
      const isTheirs = ({ type, by }: Fact) => type === "message.sent" && by.id === guest.user.id;
      await eventually(() => expect(viewer.facts.filter(isTheirs).length).toBeGreaterThan(20));
      expect((await switchOn(owner, room)).status).toBe(200);
      const sentBefore = sent;
      await eventually(() => expect(sent).toBeGreaterThan(sentBefore + 50));
      await backstage.link.redis.flushall();
      for (const socket of sockets) {
        await eventually(async () => expect(await tryToSay(socket, room)).toBe("locked"));
      }
      const ownersSocket = await owner.connect(world.gateways[1]);
      await eventually(async () => expect(await tryToSay(ownersSocket, room)).toBe("said"));
    } finally {
      clearInterval(flood);
    }
    await sweep(backstage.worker(), () => false);
    await eventually(async () => {
      await sweep(backstage.worker(), () => false);
      const facts = await keptLog(backstage, idOf(room));
      expect(facts.at(-1)?.by.id).toBe(owner.user.id);
      const at = facts.findIndex(({ type }) => type === "room.updated");
      expect(at).toBeGreaterThan(-1);
      expect(facts.slice(at).filter(({ by }) => by.id === guest.user.id)).toEqual([]);
    });
  },
  30_000,
);

test.each(switches)(
  "[G8] %s holds for the very next message on a gateway where nobody sits in the room",
  async (_what, switchOn) => {
    const [owner, guest] = (await Promise.all(
      ["Owner", "Guest"].map((name) => world.person(name)),
    )) as [Person, Person];
    const room = await owner.openRoom();
    const socket = await guest.connect(world.gateways[1]);
    // It has read the rules once, and no feed tells it of newer ones.
    expect(await tryToSay(socket, room)).toBe("said");
    expect((await switchOn(owner, room)).status).toBe(200);
    expect(await tryToSay(socket, room)).toBe("locked");
  },
);

test("[G8] raid mode is in force on the other gateway from its fact on: slow, no links, who is new reads only", async () => {
  const { owner, room, sockets } = await roomWithGuest();
  const fresh = await world.person("Fresh");
  const began = await raid(owner, room, { seconds: 600, slowModeSeconds: 20, newMinutes: 0 });
  expect(began.body.raid).toMatchObject({ slowModeSeconds: 20 });
  const late = await fresh.connect(world.gateways[1]);
  await ask(late, "room:enter", { room: room.id });
  expect(await tryToSay(late, room)).toBe("locked");
  expect(await ask(late, "reaction:add", { room: room.id, seq: 1, emoji: "👋" })).toMatchObject({
    ok: false,
    error: { code: "locked" },
  });
  expect(await tryToSay(sockets[1], room, "see https://spam.example/x")).toBe("filtered");
  expect(await tryToSay(sockets[1], room)).toBe("said");
  expect(await tryToSay(sockets[0], room)).toBe("slow_mode");
  const ownersSocket = await owner.connect(world.gateways[1]);
  for (const _ of [1, 2])
    expect(await tryToSay(ownersSocket, room, "https://a.example")).toBe("said");
  expect((await owner.rest("DELETE", `/rooms/${room.id}/raid`)).status).toBe(200);
  expect(await tryToSay(late, room, "see https://spam.example/x")).toBe("said");
  expect(await tryToSay(sockets[1], room)).toBe("said");
});

test("[G8] raid mode ends by itself though every worker is dead, and on a gateway that was dead meanwhile", async () => {
  const { owner, guest, room, sockets } = await roomWithGuest();
  const began = await raid(owner, room, { seconds: 2, newMinutes: 60 });
  expect(await tryToSay(sockets[0], room)).toBe("locked");
  const gateway = await world.addGateway();
  const socket = await guest.connect(gateway);
  expect(await tryToSay(socket, room)).toBe("locked");
  const until = Date.parse(began.body.raid?.until ?? "");
  await eventually(async () => expect(await tryToSay(sockets[0], room)).toBe("said"));
  expect(Date.now()).toBeGreaterThanOrEqual(until);
  expect(await tryToSay(socket, room)).toBe("said");
  expect((await owner.rest<Room>("GET", `/rooms/${room.id}`)).body.raid).toBeUndefined();
  // Nobody has written down that it is over.
  const rows = await backstage.sql`SELECT 1 FROM rooms WHERE id = ${room.id} AND raid IS NOT NULL`;
  expect(rows).toHaveLength(1);
});

test("[G20] that raid mode is over is one fact of the log, however many workers see it", async () => {
  const { owner, room } = await roomWithGuest();
  const viewer = await readerOf(await owner.connect(), room.id);
  await raid(owner, room, { seconds: 1 });
  const raids = () =>
    viewer.facts
      .filter((fact): fact is FactOf<"room.updated"> => fact.type === "room.updated")
      .map(({ changes, by }) => [by.name, changes.raid === null ? "over" : "on"]);
  await eventually(async () => {
    await Promise.all([1, 2, 3].map(() => sweep(backstage.worker(), () => false)));
    expect(raids()).toEqual([
      ["Owner", "on"],
      ["Eddy", "over"],
    ]);
  });
  await sweep(backstage.worker(), () => false);
  expect(raids()).toHaveLength(2);
  expect((await verifyAudit(backstage.store.sql)).problems).toEqual([]);
});

test("a lock lets speak whom it says, and its two names never disagree", async () => {
  const { owner, room, sockets } = await roomWithGuest();
  const mine = await owner.connect(world.gateways[1]);
  const both = async () => [await tryToSay(mine, room), await tryToSay(sockets[1], room)];
  const lock = async (changes: object) => {
    const { speakers, locked } = (await patch(owner, room, changes)).body;
    return [speakers, locked];
  };
  expect(await lock({ speakers: "nobody" })).toEqual(["nobody", true]);
  expect(await both()).toEqual(["locked", "locked"]);
  expect(await lock({ locked: true })).toEqual(["moderators", true]);
  expect(await both()).toEqual(["said", "locked"]);
  expect(await lock({ locked: false })).toEqual([undefined, false]);
  expect(await both()).toEqual(["said", "said"]);
  expect((await patch(owner, room, { speakers: "settled" })).status).toBe(400);
  expect(await lock({ speakers: "settled", settledSeconds: 3_600 })).toEqual(["settled", false]);
  expect(await both()).toEqual(["said", "locked"]);
  expect(await lock({ settledSeconds: 1 })).toEqual(["settled", false]);
  await eventually(async () => expect(await both()).toEqual(["said", "said"]));
});
