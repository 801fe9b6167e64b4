import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Socket } from "socket.io-client";
import { v7 as uuidv7 } from "uuid";
import type { WebSocket } from "ws";

import type { Gateway } from "../../server/gateway.ts";
import { joinRaw } from "../contract/raw-socket.ts";
import { eventually } from "../support/eventually.ts";
import {
  command,
  firstGateway,
  openWorld,
  type Person,
  say,
  type World,
} from "../support/world.ts";
import { type Backstage, openBackstage } from "./backstage.ts";
import { leftInKernel } from "./left-in-kernel.ts";
import { openPolling } from "./polling.ts";
import { readerOf } from "./reader.ts";

/** More than what kernels hold for a client on the same machine that does not read. */
const ENOUGH = 900;
/** In UTF-8 about 8 KB. */
const LONG = "é".repeat(4_000);

let world: World;
/** A gateway that cuts who does not read; the first one has patience. */
let strict: Gateway;
let backstage: Backstage;
let ada: Person;
let grace: Person;
beforeAll(async () => {
  world = await openWorld({ worker: false, env: { UNREAD_PATIENCE_SECONDS: "600" } });
  strict = await world.addGateway({ UNREAD_PATIENCE_SECONDS: "1" });
  backstage = await openBackstage(world);
  [ada, grace] = await Promise.all([world.person("Ada"), world.person("Grace")]);
});
afterAll(async () => {
  await backstage.close();
  await world.close();
});

/** What the gateway counted so far. */
async function counted(
  gateway = firstGateway(world),
): Promise<Record<"hold" | "resume" | "cut" | "unread", number>> {
  const text = await (await fetch(`${gateway.url}/metrics`)).text();
  const read = (name: string) =>
    Number(
      text
        .split("\n")
        .find((line) => line.startsWith(`${name} `))
        ?.split(" ")[1] ?? 0,
    );
  const verdict = (name: string) => read(`eddy_slow_sockets_total{verdict="${name}"}`);
  return {
    hold: verdict("hold"),
    resume: verdict("resume"),
    cut: verdict("cut"),
    unread: read("eddy_unread_bytes"),
  };
}

/** The WebSocket below a stock client: paused, it takes nothing off the line. */
function lineOf(socket: Socket): WebSocket {
  return (socket.io.engine.transport as unknown as { ws: WebSocket }).ws;
}

/** Says something long, over and over; answers the last seq. */
async function flood(socket: Socket, room: string, times = ENOUGH): Promise<number> {
  let last = 0;
  for (let left = times; left > 0; left -= 100) {
    const sends = Array.from({ length: Math.min(left, 100) }, () =>
      command(socket, "message:send", { room, clientId: uuidv7(), text: LONG }),
    );
    last = (await Promise.all(sends)).at(-1)?.seq ?? last;
  }
  return last;
}

describe("what a client does not read is bounded", () => {
  test("[G11] who stops reading for a while gets what it missed once and in order, on the same socket", async () => {
    const room = await ada.openRoom();
    const [speaker, socket] = await Promise.all([ada.connect(), grace.connect()]);
    const reader = await readerOf(socket, room.id);
    const before = await counted();
    lineOf(socket).pause();
    const half = await flood(speaker, room.id);
    await eventually(async () => expect((await counted()).hold).toBe(before.hold + 1));
    // Held: whatever else is said, no more waits for it.
    await flood(speaker, room.id, 200);
    const { unread } = await counted();
    expect(unread).toBeLessThan(2_000_000);
    lineOf(socket).resume();
    await eventually(() => expect(reader.cursor.seq).toBe(half + 200), { withinMs: 20_000 });
    // It may have been held anew while it caught up: it read slower than it was sent.
    await eventually(async () => {
      const { hold, resume } = await counted();
      expect(resume - before.resume).toBe(hold - before.hold);
    });
    const { seq } = await say(speaker, room.id, "live again");
    await eventually(() => expect(reader.cursor.seq).toBe(seq));
    expect(reader.problems).toEqual([]);
    expect(reader.facts).toHaveLength(seq);
    expect(reader.replies).toHaveLength(1);
    expect(socket.connected).toBe(true);
    expect((await counted()).cut).toBe(before.cut);
  });

  test("[G11] who never reads but answers pings is held, then cut; the others get everything", async () => {
    const room = await ada.openRoom();
    const [speaker, socket] = await Promise.all([ada.connect(), ada.connect(strict)]);
    const reader = await readerOf(socket, room.id);
    const hung = await Promise.all(
      Array.from({ length: 5 }, () => joinRaw(strict.url, grace.token)),
    );
    for (const raw of hung) raw.write(`420["room:enter",{"room":"${room.id}"}]`);
    for (const raw of hung) expect(await raw.reply(0)).toMatchObject({ ok: true });
    for (const raw of hung) raw.pause();
    // One of them says nothing at all: the kernel would learn from the others that they are there.
    const pongs = setInterval(() => {
      for (const raw of hung.slice(1)) raw.write("3");
    }, 100);
    const before = await counted(strict);
    const last = await flood(speaker, room.id);
    await eventually(async () => expect((await counted(strict)).cut).toBe(before.cut + 5), {
      withinMs: 8_000,
    });
    clearInterval(pongs);
    await eventually(async () => expect((await counted(strict)).unread).toBe(0));
    expect((await counted(strict)).hold).toBe(before.hold + 5);
    await eventually(() => expect(reader.cursor.seq).toBe(last), { withinMs: 20_000 });
    expect(reader.problems).toEqual([]);
    expect(leftInKernel(strict.url)).toBe(0);
    for (const raw of hung) raw.end();
  });

  test("[G11] who hangs is held when it is late, whatever the kernel would still take for it", async () => {
    const room = await ada.openRoom();
    const [speaker, socket] = await Promise.all([ada.connect(), grace.connect()]);
    const reader = await readerOf(socket, room.id);
    const before = await counted();
    lineOf(socket).pause();
    // Twice what a socket may leave unread, and far less than what kernels take.
    const last = await flood(speaker, room.id, 66);
    expect((await counted()).unread).toBe(0);
    await eventually(async () => expect((await counted()).hold).toBe(before.hold + 1));
    expect((await counted()).unread).toBe(0);
    lineOf(socket).resume();
    await eventually(async () => expect((await counted()).resume).toBe(before.resume + 1));
    const { seq } = await say(speaker, room.id, "live again");
    await eventually(() => expect(reader.cursor.seq).toBe(seq));
    expect(reader.facts).toHaveLength(last + 1);
    expect(reader.problems).toEqual([]);
  });

  test("[G11] who polls no more is cut, and what waited for it is freed", async () => {
    const room = await ada.openRoom();
    const speaker = await ada.connect();
    const polling = await openPolling(strict.url, grace.token);
    await polling.send(`420["room:enter",{"room":"${room.id}"}]`);
    await eventually(async () => expect(await polling.poll()).toContain("430["));
    const before = await counted(strict);
    await flood(speaker, room.id, 100);
    await eventually(async () => expect((await counted(strict)).hold).toBe(before.hold + 1));
    await eventually(async () => expect((await counted(strict)).cut).toBe(before.cut + 1), {
      withinMs: 8_000,
    });
    await eventually(async () => expect((await counted(strict)).unread).toBe(0));
    await expect(polling.poll()).rejects.toThrow("400");
  });

  test("[G11] of who does not read its replies no more commands are carried out, and all are once it reads", async () => {
    const room = await ada.openRoom();
    const speaker = await ada.connect();
    await flood(speaker, room.id, 500);
    const friend = await readerOf(speaker, room.id);
    const raw = await joinRaw(firstGateway(world).url, grace.token);
    const before = await counted();
    raw.pause();
    // Each asks for one of the largest replies there are: 4 MB.
    const asked = Array.from({ length: 12 }, (_, ack) => ack);
    for (const ack of asked) {
      raw.write(`42${ack}["room:history",{"room":"${room.id}","after":0,"limit":500}]`);
    }
    // Four at once, and one more for each that found room in the kernel's buffers.
    await eventually(async () => expect((await counted()).unread).toBeGreaterThan(10_000_000));
    // What it says itself is not held back.
    raw.write(`4299["message:send",{"room":"${room.id}","clientId":"${uuidv7()}","text":"me"}]`);
    await eventually(() => expect(friend.texts.at(-1)).toBe("me"));
    expect((await counted()).unread).toBeLessThan(24_000_000);
    raw.resume();
    for (const ack of [...asked, 99]) expect(await raw.reply(ack)).toMatchObject({ ok: true });
    expect((await counted()).cut).toBe(before.cut);
    raw.end();
  });

  test("[G16] a stop does not wait until who does not read has patience no more", async () => {
    const gateway = await world.addGateway({ UNREAD_PATIENCE_SECONDS: "600" });
    const room = await ada.openRoom();
    await flood(await ada.connect(), room.id, 500);
    const raw = await joinRaw(gateway.url, grace.token);
    raw.pause();
    for (let ack = 0; ack < 12; ack += 1) {
      raw.write(`42${ack}["room:history",{"room":"${room.id}","after":0,"limit":500}]`);
    }
    await eventually(async () => expect((await counted(gateway)).hold).toBe(1));
    await gateway.stop();
    raw.end();
  });

  test("[G11] over the ceiling of the process the slowest are cut, and the others stay", async () => {
    // More than one of them may hold, less than what all four do.
    const ceiling = 1_000_000;
    const gateway = await world.addGateway({
      UNREAD_CEILING_BYTES: String(ceiling),
      UNREAD_PATIENCE_SECONDS: "600",
    });
    const room = await ada.openRoom();
    const hung = await Promise.all(
      Array.from({ length: 4 }, () => openPolling(gateway.url, grace.token)),
    );
    for (const polling of hung) {
      await polling.send(`420["room:enter",{"room":"${room.id}"}]`);
      await eventually(async () => expect(await polling.poll()).toContain("430["));
    }
    await flood(await ada.connect(), room.id, 100);
    await eventually(async () => {
      const { cut, unread } = await counted(gateway);
      expect([1, 2, 3]).toContain(cut);
      expect(unread).toBeGreaterThan(0);
      expect(unread).toBeLessThan(ceiling);
    });
  });

  test("[G11] who is banned while it is held gets nothing of what comes after", async () => {
    const room = await ada.openRoom();
    const troll = await world.person("Troll");
    const [speaker, socket] = await Promise.all([ada.connect(), troll.connect()]);
    const reader = await readerOf(socket, room.id);
    const before = await counted();
    lineOf(socket).pause();
    await flood(speaker, room.id);
    await eventually(async () => expect((await counted()).hold).toBe(before.hold + 1));
    const { status } = await ada.rest("POST", `/rooms/${room.id}/sanctions`, {
      user: troll.user.id,
      kind: "ban",
      reason: "trolling",
    });
    expect(status).toBe(201);
    const { seq } = await say(speaker, room.id, "among friends");
    const friend = await readerOf(await ada.connect(), room.id);
    await eventually(() => expect(friend.cursor.seq).toBe(seq));
    lineOf(socket).resume();
    await eventually(() => expect(reader.closings).toMatchObject([{ reason: "banned" }]));
    expect(reader.cursor.seq).toBeLessThan(seq - 1);
    expect(reader.problems).toEqual([]);
  });

  test("[G11] a log that was lost while it is held is told once it reads, with the range", async () => {
    const room = await ada.openRoom();
    const [speaker, socket] = await Promise.all([ada.connect(), grace.connect()]);
    const [reader, friend] = [
      await readerOf(socket, room.id),
      await readerOf(await ada.connect(), room.id),
    ];
    const before = await counted();
    lineOf(socket).pause();
    const last = await flood(speaker, room.id);
    await eventually(async () => expect((await counted()).hold).toBe(before.hold + 1));
    await backstage.link.redis.flushall();
    await eventually(() =>
      expect(friend.resets).toMatchObject([{ lost: { to: expect.any(Number) } }]),
    );
    await eventually(() => expect(friend.live).toBe(true));
    lineOf(socket).resume();
    await eventually(() => expect(reader.resets).toEqual(friend.resets));
    await eventually(() => expect(reader.live).toBe(true));
    const { seq } = await say(speaker, room.id, "from here on");
    expect(seq).toBeGreaterThan(last);
    await eventually(() => expect(reader.cursor.seq).toBe(seq));
    expect(reader.problems).toEqual([]);
    expect(reader.texts).toEqual(["from here on"]);
  });
});
