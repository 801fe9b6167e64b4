import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { v7 as uuidv7 } from "uuid";

import { verifyAudit } from "../../db/postgres/audit.ts";
import type { CommandOutput } from "../../protocol/commands.ts";
import type { Push } from "../../protocol/facts.ts";
import type { Erasure, Room } from "../../protocol/shapes.ts";
import {
  type Backstage,
  idOf,
  keptLog,
  openBackstage,
  untilStored,
} from "../guarantees/backstage.ts";
import { eventually } from "../support/eventually.ts";
import { startProcess } from "../support/processes.ts";
import {
  command,
  connectSocket,
  firstGateway,
  HOST_SECRET,
  openWorld,
  type Person,
  say,
  type World,
} from "../support/world.ts";

/** Stands in all that the person wrote or is called: the last trace of it must go. */
const MARK = "xyzzyplugh";

let world: World;
let backstage: Backstage;
beforeAll(async () => {
  world = await openWorld({ env: { AUTH_JWT_SECRET: HOST_SECRET } });
  await world.addGateway();
  backstage = await openBackstage(world);
});
afterAll(async () => {
  await backstage.close();
  await world.close();
});

/** Every text of every row of Postgres that holds the mark: where, and how often. */
async function tracesInPostgres(): Promise<string[]> {
  const tables = await backstage.sql<{ name: string }[]>`
    SELECT c.relname AS name FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace
    WHERE s.nspname = 'public' AND c.relkind = 'r'`;
  const found: string[] = [];
  for (const { name } of tables) {
    // Bytes are looked through as the text that they are of.
    const rows = await backstage.sql`
      SELECT 1 FROM ${backstage.sql(name)} t
      WHERE t::text ILIKE ${`%${MARK}%`} OR t::text LIKE ${`%${Buffer.from(MARK).toString("hex")}%`}`;
    if (rows.length > 0) found.push(`${name}: ${rows.length}`);
  }
  return found;
}

/** Every key of Redis that holds the mark, whatever its type. */
async function tracesInRedis(): Promise<string[]> {
  const { redis } = backstage.link;
  // Dumps compress what is long: what is in them must be readable.
  await redis.config("SET", "rdbcompression", "no");
  const found: string[] = [];
  let cursor = "0";
  do {
    const [next, names] = await redis.scan(cursor, "COUNT", 500);
    cursor = next;
    for (const name of names) {
      const dump = await redis.dumpBuffer(name);
      if (name.includes(MARK) || dump?.toString("latin1").includes(MARK)) {
        found.push(name);
      }
    }
  } while (cursor !== "0");
  return found;
}

async function untilErased({ id }: Erasure): Promise<void> {
  await eventually(
    async () => {
      const answer = await fetch(`${firstGateway(world).url}/v1/erasures/${id}`);
      expect(await answer.json()).toMatchObject({ state: "done" });
    },
    { withinMs: 40_000 },
  );
}

/** Someone who has left traces of every kind, in a room of their own and in one of somebody else. */
async function someoneWithAPast() {
  const [ada, gone] = await Promise.all([world.person("Ada"), world.person(`Gone ${MARK}`)]);
  const room = await ada.openRoom();
  const own = await gone.openRoom("Of their own");
  const socket = await gone.connect();
  const adas = await ada.connect();
  const on = `/rooms/${room.id}`;
  const first = await say(adas, room.id, "hello");
  const said = await say(socket, room.id, `I am ${MARK}, see https://${MARK}.example/me. Why?`);
  await command(socket, "message:edit", { room: room.id, seq: said.seq, text: `${MARK} again?` });
  await command(socket, "reaction:add", { room: room.id, seq: first.seq, emoji: "👍" });
  const reported = await say(socket, room.id, `rude ${MARK}`);
  await ada.rest("POST", `${on}/reports`, { seq: reported.seq, category: "abuse", note: MARK });
  const cleaned = await say(socket, room.id, `${MARK} to be cleaned up`);
  await ada.rest("POST", `${on}/removals`, { from: cleaned.seq, to: cleaned.seq, reason: MARK });
  await ada.rest("PUT", `/contacts/${gone.user.id}`, { note: `${MARK} from work` });
  await gone.rest("PUT", `/contacts/${ada.user.id}`, { note: MARK });
  await gone.rest("PATCH", "/me", { headline: MARK, handle: MARK });
  await gone.rest("POST", "/direct", { user: ada.user.id, text: `psst ${MARK}` });
  await gone.rest("POST", `/rooms/${own.id}/sanctions`, {
    user: ada.user.id,
    kind: "mute",
    seconds: 1,
    reason: MARK,
  });
  await gone.rest("POST", `/rooms/${own.id}/webhooks`, { url: `https://${MARK}.example/hook` });
  await gone.rest("PUT", `/rooms/${own.id}/filters`, { rules: [] });
  await gone.rest("POST", `/rooms/${own.id}/filters/dry-run`, {
    rule: { name: MARK, phrase: MARK },
  });
  await ada.rest("POST", `${on}/sanctions`, {
    user: gone.user.id,
    kind: "mute",
    seconds: 1,
    reason: `for ${MARK}`,
  });
  const { seq } = await say(adas, room.id, "bye");
  await untilStored(backstage, idOf(room), seq);
  return { ada, adas, gone, room, own, socket, said };
}

async function logOf(person: Person, room: Room) {
  const { body } = await person.rest<CommandOutput<"room:history">>(
    "GET",
    `/rooms/${room.id}/events?after=0&limit=500`,
  );
  return body.events;
}

test("[security 18] after an erasing nothing that the person wrote or is called is anywhere in Postgres or Redis, and the log has no hole", async () => {
  const { ada, adas, gone, room, socket, said } = await someoneWithAPast();
  expect((await tracesInPostgres()).length).toBeGreaterThan(8);
  expect((await tracesInRedis()).length).toBeGreaterThan(0);
  const before = await logOf(ada, room);
  await command(adas, "room:enter", { room: room.id });
  const told = new Promise<Push<"room.events">>((resolve) => {
    adas.on("room.events", (push: Push<"room.events">) => {
      if (push.events.some(({ type }) => type === "messages.removed")) resolve(push);
    });
  });
  const ended = new Promise((resolve) => {
    socket.once("session.ended", resolve);
  });
  const { status, body } = await gone.rest<Erasure>("DELETE", "/me?confirm=erase");
  expect(status).toBe(200);
  expect(await ended).toEqual({ reason: "erased" });
  await untilErased(body);
  expect(await tracesInPostgres()).toEqual([]);
  expect(await tracesInRedis()).toEqual([]);

  const after = await logOf(ada, room);
  expect(after.slice(0, before.length).map(({ seq, type }) => [seq, type])).toEqual(
    before.map(({ seq, type }) => [seq, type]),
  );
  expect(after.map(({ seq }) => seq)).toEqual(after.map((_, i) => i + 1));
  const erasing = after.filter((fact) => fact.type === "messages.removed" && fact.erased === true);
  expect(erasing).toMatchObject([{ author: gone.user.id, by: { name: "Eddy" } }]);
  expect((await told).events).toContainEqual(erasing[0]);
  expect(after.find(({ seq }) => seq === said.seq)).toMatchObject({ removed: true });
  expect(JSON.stringify(await keptLog(backstage, idOf(room)))).not.toContain(MARK);
  expect((await verifyAudit(backstage.store.sql)).problems).toEqual([]);
  expect((await gone.rest("GET", "/me")).status).toBe(401);
  await expect(connectSocket(firstGateway(world).url, gone.token)).rejects.toThrow("erased");
}, 90_000);

test("[security 18] an erasing whose worker is killed goes on, and each room has one fact of it", async () => {
  await world.worker?.stop();
  world.worker = null;
  const people = { ada: await world.person("Ada"), gone: await world.person(`Gone ${MARK}`) };
  const socket = await people.gone.connect();
  const rooms: Room[] = [];
  for (let i = 0; i < 12; i += 1) {
    const room = await people.ada.openRoom();
    for (let k = 0; k < 3; k += 1) await say(socket, room.id, `${MARK} ${k}`);
    rooms.push(room);
  }
  const { body } = await people.gone.rest<Erasure>("DELETE", "/me?confirm=erase");
  const env = { DATABASE_URL: world.stores.databaseUrl, REDIS_URL: world.stores.redisUrl };
  const worker = await startProcess("workers/main.ts", env);
  await eventually(
    async () => {
      const [row] = await backstage.sql`SELECT rooms_done FROM erasures WHERE id = ${body.id}`;
      expect(Number(row?.["rooms_done"])).toBeGreaterThan(0);
    },
    { withinMs: 40_000 },
  );
  worker.kill("SIGKILL");
  await worker.exited;
  await world.addWorker();
  await untilErased(body);
  expect(await tracesInPostgres()).toEqual([]);
  expect(await tracesInRedis()).toEqual([]);
  for (const room of rooms) {
    const log = await logOf(people.ada, room);
    expect(log.filter((fact) => fact.type === "messages.removed")).toHaveLength(1);
  }
}, 120_000);

test("[security 18] only administrators erase others, and nobody by mistake", async () => {
  const [ada, bob, root] = await Promise.all([
    world.person("Ada"),
    world.person(`Bob ${MARK}`),
    world.administrator("Root"),
  ]);
  const path = `/users/${bob.user.id}`;
  expect((await ada.rest("DELETE", `${path}?confirm=erase`)).status).toBe(403);
  expect((await root.rest("DELETE", path)).status).toBe(400);
  const { status, body } = await root.rest<Erasure>("DELETE", `${path}?confirm=erase`);
  expect(status).toBe(200);
  await untilErased(body);
  expect(await tracesInPostgres()).toEqual([]);
});

test("[security 18] a host's token of before the erasing makes no new person of who was erased", async () => {
  const [carol, root] = await Promise.all([
    world.administrator(`Carol ${MARK}`),
    world.administrator("Root"),
  ]);
  const path = `/users/${carol.user.id}?confirm=erase`;
  await untilErased((await root.rest<Erasure>("DELETE", path)).body);
  for (const gateway of world.gateways) {
    expect((await carol.rest("GET", "/me", undefined, { gateway })).status).toBe(401);
  }
  const fresh = await world.addGateway();
  expect((await carol.rest("GET", "/me", undefined, { gateway: fresh })).status).toBe(401);
  expect(await tracesInPostgres()).toEqual([]);
});

test("what somebody else said stays, and so does what is answered to who was erased", async () => {
  const { ada, gone, room } = await someoneWithAPast();
  const clientId = uuidv7();
  const path = `/rooms/${room.id}/messages`;
  expect((await ada.rest("POST", path, { clientId, text: "kept" })).status).toBe(200);
  const { body } = await gone.rest<Erasure>("DELETE", "/me?confirm=erase");
  await untilErased(body);
  const texts = (await logOf(ada, room)).flatMap((fact) =>
    fact.type === "message.sent" && fact.text !== undefined ? [fact.text] : [],
  );
  expect(texts).toEqual(["hello", "bye", "kept"]);
}, 60_000);
