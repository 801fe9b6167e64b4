import { Agent } from "node:http";

import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import type { Socket } from "socket.io-client";

import { readerOf } from "../guarantees/reader.ts";
import { eventually } from "../support/eventually.ts";
import { hasNginx, type Nginx, startNginx } from "../support/nginx.ts";
import { startTalk } from "../support/talk.ts";
import {
  connectOver,
  POLLING,
  UPGRADING,
  type Way,
  WEBSOCKET,
} from "../support/ways-to-connect.ts";
import { openWorld, type Person, say, type World } from "../support/world.ts";

// On a machine without it there is nothing to show; CI has it.
const nginxTest = hasNginx ? test : test.skip;
const whySkipped = hasNginx ? "" : " (skipped: apt-get install nginx)";

let world: World;
let nginx: Nginx;
let ada: Person;
const open: { socket: Socket; agent: Agent }[] = [];

beforeAll(async () => {
  if (!hasNginx) return;
  world = await openWorld({ env: { TRUST_PROXY_HOPS: "1" } });
  await world.addGateway();
  const [first, second] = world.gateways.map(({ port }) => port);
  nginx = await startNginx([first ?? 0, second ?? 0]);
  ada = await world.person("Ada");
});
afterEach(() => {
  for (const { socket, agent } of open.splice(0)) {
    socket.disconnect();
    agent.destroy();
  }
});
afterAll(async () => {
  if (!hasNginx) return;
  await nginx.stop();
  await world.close();
});

/** Clients that come from as many addresses, each over connections that are kept. */
async function connectMany(count: number, way: Way): Promise<Socket[]> {
  const connecting = Array.from({ length: count }, async (_, i) => {
    const agent = new Agent({ keepAlive: true, localAddress: `127.0.1.${i + 1}` });
    const socket = await connectOver({ ...way, agent }, { url: nginx.url, token: ada.token });
    open.push({ socket, agent });
    return socket;
  });
  return Promise.all(connecting);
}

/** How many sockets each gateway has. */
async function connections(): Promise<number[]> {
  return Promise.all(
    world.gateways.map(async ({ url }) => {
      const text = await (await fetch(`${url}/metrics`)).text();
      return Number(/^eddy_connections (\d+)$/mu.exec(text)?.[1]);
    }),
  );
}

describe(`two gateways behind the nginx of docker-compose.yml${whySkipped}`, () => {
  test("it is installed where CI=true", () => {
    expect(hasNginx || process.env["CI"] !== "true").toBe(true);
  });

  nginxTest.each([
    { name: "only poll", way: POLLING, becomes: "polling" },
    { name: "begin by polling", way: UPGRADING, becomes: "websocket" },
    { name: "are WebSockets", way: WEBSOCKET, becomes: "websocket" },
  ])(
    "[G5] clients that $name keep their sessions, at both, and what each says reaches all",
    async ({ way, becomes }) => {
      const room = await ada.openRoom();
      const sockets = await connectMany(16, way);
      await eventually(() => {
        const transports = sockets.map((socket) => socket.io.engine.transport.name);
        expect(new Set(transports)).toEqual(new Set([becomes]));
      });
      expect(await connections()).not.toContain(0);
      const readers = await Promise.all(sockets.map((socket) => readerOf(socket, room.id)));
      await Promise.all(sockets.map((socket, i) => say(socket, room.id, `from ${i}`)));
      await eventually(() => {
        for (const { facts } of readers) expect(facts).toHaveLength(sockets.length);
      });
      expect(readers.flatMap(({ problems }) => problems)).toEqual([]);
      expect(sockets.every(({ connected }) => connected)).toBe(true);
    },
  );

  nginxTest("[G16] when one of them stops, nothing that people say is lost", async () => {
    const talk = await startTalk(world, nginx.url, [POLLING, UPGRADING, WEBSOCKET]);
    await talk.untilSaid(60);
    const gateway = world.gateways.pop();
    await gateway?.stop();
    await talk.untilSaid(200);
    await talk.finish();
  });
});
