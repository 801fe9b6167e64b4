import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { io, type Socket } from "socket.io-client";
import { v7 as uuidv7 } from "uuid";

import { applyFacts, emptyView } from "../../client/room-view.ts";
import type { Room } from "../../protocol/shapes.ts";
import { type Reader, readerOf } from "../guarantees/reader.ts";
import { eventually } from "../support/eventually.ts";
import { type RunningProcess, startProcess } from "../support/processes.ts";
import { openTestStores, type TestStores } from "../support/stores.ts";

const RAIDERS = 500;
const MESSAGES = 5_000;
const MEMBERS_A_GATEWAY = 10;

let stores: TestStores;
let gateways: RunningProcess[];
let worker: RunningProcess;
const sockets: Socket[] = [];
beforeAll(async () => {
  stores = await openTestStores({ appendfsync: "everysec" });
  const env = { DATABASE_URL: stores.databaseUrl, REDIS_URL: stores.redisUrl };
  gateways = await Promise.all([0, 1].map(() => startProcess("server/main.ts", env)));
  worker = await startProcess("workers/main.ts", env);
}, 60_000);
afterAll(async () => {
  for (const socket of sockets) socket.disconnect();
  const all = [...gateways, worker];
  for (const { kill } of all) kill("SIGTERM");
  await Promise.all(all.map(({ exited }) => exited));
  await stores.close();
});

const urlOf = (i: number) => gateways[i % 2]?.url ?? "";

async function rest<T>(token: string | null, path: string, body: object, gateway = 0): Promise<T> {
  const answer = await fetch(`${urlOf(gateway)}/v1${path}`, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  });
  const answered = (await answer.json()) as T;
  if (!answer.ok) throw new Error(`${path}: ${JSON.stringify(answered)}`);
  return answered;
}

async function dropIn(displayName: string): Promise<string> {
  return (await rest<{ token: string }>(null, "/guests", { displayName })).token;
}

async function connect(token: string, gateway: number): Promise<Socket> {
  const socket = io(urlOf(gateway), { auth: { token }, transports: ["websocket"], forceNew: true });
  sockets.push(socket);
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("connect_error", reject);
  });
  return socket;
}

/** Does something for each of so many, a few at a time. */
async function forEachOf(count: number, atOnce: number, act: (i: number) => Promise<unknown>) {
  let next = 0;
  const lane = async () => {
    for (let i = next++; i < count; i = next++) await act(i);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}

function shownTo({ facts }: Reader): (string | undefined)[] {
  return applyFacts(emptyView(), facts).messages.map(({ text }) => text);
}

test("[G19] a raid of 500 guests and 5,000 messages is cleaned by one request: one fact, all clients within 1 s, and undone exactly", async () => {
  const owner = await dropIn("Owner");
  const room = await rest<Room>(owner, "/rooms", { title: "Raided", visibility: "public" });
  const raiders: string[] = [];
  await forEachOf(RAIDERS, 20, async (i) => void raiders.push(await dropIn(`Raider ${i}`)));
  const readers = await Promise.all(
    Array.from({ length: 2 * MEMBERS_A_GATEWAY }, async (_, i) =>
      readerOf(await connect(await dropIn(`Member ${i}`), i), room.id),
    ),
  );
  const say = (token: string, text: string, gateway: number) =>
    rest(token, `/rooms/${room.id}/messages`, { clientId: uuidv7(), text }, gateway);
  await say(owner, "what was before", 0);
  await forEachOf(MESSAGES, 40, async (i) => {
    await say(raiders[i % RAIDERS] ?? "", `join the raid ${i}`, i);
    if (i % 100 === 0) await say(owner, `please stop ${i}`, i);
  });
  const said = 1 + MESSAGES + MESSAGES / 100;
  await eventually(
    () => expect(readers.map(({ cursor }) => cursor.seq)).toEqual(readers.map(() => said)),
    { withinMs: 10_000 },
  );
  const before = shownTo(readers[0] as Reader);

  const removed = await rest<{ seq: number; count: number }>(owner, `/rooms/${room.id}/removals`, {
    pattern: "join the raid",
    reason: "a raid",
  });
  const answeredAt = performance.now();
  expect(removed).toMatchObject({ seq: said + 1, count: MESSAGES });
  await eventually(() => {
    for (const { facts } of readers) expect(facts.at(-1)?.seq).toBe(said + 1);
  });
  expect(performance.now() - answeredAt).toBeLessThan(1_000);
  const cleaned = before.map((text) => (text?.startsWith("join") === true ? undefined : text));
  for (const reader of readers) {
    expect(reader.facts.filter(({ type }) => type === "messages.removed")).toHaveLength(1);
    expect(shownTo(reader)).toEqual(cleaned);
    expect(reader.problems).toEqual([]);
  }
  const since = { since: { epoch: 1, seq: 0 } };
  const late = await readerOf(await connect(owner, 1), room.id, since);
  expect(JSON.stringify(late.facts)).not.toContain("join the raid");
  expect(shownTo(late)).toEqual(cleaned);

  await rest(owner, `/rooms/${room.id}/removals/${removed.seq}/undo`, {}, 1);
  await eventually(() => {
    for (const { facts } of readers) expect(facts.at(-1)?.type).toBe("messages.restored");
  });
  for (const reader of readers) expect(shownTo(reader)).toEqual(before);
  const later = await readerOf(await connect(owner, 0), room.id, since);
  expect(shownTo(later)).toEqual(before);
}, 120_000);
