import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Socket } from "socket.io-client";

import type { Gateway } from "../../server/gateway.ts";
import { drain } from "../../workers/drain.ts";
import { eventually } from "../support/eventually.ts";
import { ask, command, openWorld, say, type World } from "../support/world.ts";
import { type Backstage, openBackstage } from "./backstage.ts";
import { Reader, readerOf } from "./reader.ts";
import { openSlowLink, type SlowLink } from "./slow-link.ts";

const SECRET = "the-password-is-swordfish";

let world: World;
let backstage: Backstage;
/** A gateway whose stores can be slow: whatever it has read may be old by the time it is used. */
let slow: Gateway;
let postgres: SlowLink;
let redis: SlowLink;
beforeAll(async () => {
  world = await openWorld({ worker: false });
  backstage = await openBackstage(world);
  postgres = await openSlowLink(world.stores.databaseUrl);
  redis = await openSlowLink(world.stores.redisUrl);
  slow = await world.addGateway({ DATABASE_URL: postgres.url, REDIS_URL: redis.url });
});
afterAll(async () => {
  postgres.flow();
  redis.flow();
  await backstage.close();
  await world.close();
  await Promise.all([postgres.close(), redis.close()]);
});

const drainNow = () => drain(backstage.worker({ keep: 1 }), { shouldStop: () => false });

async function roomWithSecret() {
  const ada = await world.person("Ada");
  const room = await ada.openRoom();
  const socket = await ada.connect();
  const onSlow = await ada.connect(slow);
  // What every command looks up anyway is known by then.
  await command(onSlow, "room:history", { room: room.id });
  const { seq } = await say(socket, room.id, SECRET);
  return { ada, room, socket, onSlow, seq };
}

async function remove(socket: Socket, room: string, seq: number): Promise<void> {
  await command(socket, "message:remove", { room, seq });
}

describe("text that was taken back while a store was slow", () => {
  test("[G19] an edit that was planned before the removal and comes too late is refused", async () => {
    const { room, socket, onSlow, seq } = await roomWithSecret();
    // It has read all it needs; only its append is still to come.
    redis.stall(/hmget\r\n\$\d+\r\neddy:\{b\d+\}:body:/u);
    const editing = ask(onSlow, "message:edit", { room: room.id, seq, text: "swordfish it is" });
    await eventually(() => expect(redis.waiting()).not.toBe(""));
    await remove(socket, room.id, seq);
    redis.flow();
    expect(await editing).toMatchObject({ ok: false, error: { code: "not_found" } });
    const { facts } = await readerOf(socket, room.id);
    expect(JSON.stringify(facts)).not.toContain("swordfish");
  });

  test("[G19] a page from Postgres that was read before the removal was stored, and trimmed, is not answered", async () => {
    const { room, socket, onSlow, seq } = await roomWithSecret();
    await say(socket, room.id, "what pushes it out of the hot log");
    await drainNow();
    const history = () => ask(onSlow, "room:history", { room: room.id, after: 0 });
    // Prepared on every connection, the statement runs when it is asked for; only its answer waits.
    for (let i = 0; i < 10; i += 1) expect(JSON.stringify(await history())).toContain(SECRET);
    await remove(socket, room.id, seq);
    postgres.stall();
    const reading = history();
    await eventually(() => expect(postgres.waiting()).toContain(SECRET));
    await say(socket, room.id, "what pushes the removal out, too");
    await drainNow();
    postgres.flow();
    const reply = await reading;
    expect(reply.ok).toBe(true);
    expect(JSON.stringify(reply)).not.toContain(SECRET);
  });

  test("[G19] who enters while Postgres is slow does not get what was removed meanwhile", async () => {
    const { ada, room, socket, seq } = await roomWithSecret();
    const reader = new Reader(await ada.connect(slow), room.id);
    postgres.stall();
    const entering = reader.enter();
    await eventually(() => expect(postgres.waiting()).not.toBe(""));
    await remove(socket, room.id, seq);
    postgres.flow();
    await entering;
    expect(JSON.stringify(reader.replies)).not.toContain(SECRET);
    await eventually(() => expect(reader.seqs).toEqual([1, 2]));
    expect(reader.problems).toEqual([]);
  });

  test("[G19] nor what was said and removed meanwhile, and waits in the feed for those who enter", async () => {
    const { ada, room } = await roomWithSecret();
    // Someone is live on the slow gateway, so its feed has heard of everything.
    const witness = await readerOf(await ada.connect(slow), room.id);
    const socket = await ada.connect();
    const reader = new Reader(await ada.connect(slow), room.id);
    postgres.stall();
    const entering = reader.enter();
    await eventually(() => expect(postgres.waiting()).not.toBe(""));
    const { seq } = await say(socket, room.id, "another secret");
    await eventually(() => expect(witness.cursor.seq).toBe(seq));
    await remove(socket, room.id, seq);
    await eventually(() => expect(witness.cursor.seq).toBe(seq + 1));
    postgres.flow();
    await entering;
    await eventually(() => expect(reader.cursor.seq).toBe(seq + 1));
    expect(JSON.stringify([reader.replies, reader.pushes])).not.toContain("another secret");
    expect(reader.problems).toEqual([]);
  });
});
