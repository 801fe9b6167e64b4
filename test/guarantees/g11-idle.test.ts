import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { Socket } from "socket.io-client";

import type { Push } from "../../protocol/facts.ts";
import { eventually } from "../support/eventually.ts";
import { type RunningProcess, startProcess } from "../support/processes.ts";
import type { Memory } from "../support/tell-memory.ts";
import {
  connectOver,
  POLLING,
  UPGRADING,
  type Way,
  WEBSOCKET,
} from "../support/ways-to-connect.ts";
import { command, openWorld, type Person, type World } from "../support/world.ts";

/** What an idle connection may take of the heap; without any one of the larger savings it is more. */
const MOST_BYTES = 11_000;

let world: World;
let ada: Person;
let room: string;
let gateway: RunningProcess;
const open: Socket[] = [];
beforeAll(async () => {
  world = await openWorld({ worker: false });
  ada = await world.person("Ada");
  room = (await ada.openRoom()).id;
  const { databaseUrl, redisUrl } = world.stores;
  const hook = fileURLToPath(new URL("../support/tell-memory.ts", import.meta.url));
  gateway = await startProcess("server/main.ts", {
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
    NODE_OPTIONS: `--import tsx --import ${hook}`,
  });
});
afterAll(async () => {
  for (const socket of open) socket.disconnect();
  gateway.kill("SIGTERM");
  await gateway.exited;
  await world.close();
});

function memory(): Promise<Memory> {
  const told = new Promise<Memory>((resolve) => {
    gateway.child.once("message", (message) => resolve((message as { memory: Memory }).memory));
  });
  gateway.child.send("memory");
  return told;
}

/** Lets so many in, who sit in the room and say nothing. */
async function letIn(count: number, way: Way): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    const socket = await connectOver(way, { url: gateway.url, token: ada.token });
    open.push(socket);
    await command(socket, "room:enter", { room });
  }
}

test("[G11] an idle WebSocket keeps nothing of its handshake, and little else", async () => {
  // What is made once, for the first of them, is not theirs.
  await letIn(100, WEBSOCKET);
  const before = await memory();
  await letIn(400, WEBSOCKET);
  const after = await memory();
  expect(after.requests - before.requests).toBeLessThan(10);
  expect((after.heapBytes - before.heapBytes) / 400).toBeLessThan(MOST_BYTES);
}, 60_000);

test("[G11] nor does one that began by polling", async () => {
  await letIn(10, UPGRADING);
  const before = await memory();
  await letIn(50, UPGRADING);
  const after = await memory();
  expect(after.requests - before.requests).toBeLessThan(10);
}, 60_000);

test("who polls is heard, and hears all the same", async () => {
  await letIn(1, POLLING);
  const socket = open.at(-1) as Socket;
  const heard: string[] = [];
  socket.on("room.events", ({ events }: Push<"room.events">) => {
    heard.push(...events.map(({ type }) => type));
  });
  await command(socket, "message:send", {
    room,
    clientId: "01900000-0000-7000-8000-0000000000c1",
    text: "Is it quiet here?",
  });
  await eventually(() => expect(heard).toEqual(["message.sent"]));
});
