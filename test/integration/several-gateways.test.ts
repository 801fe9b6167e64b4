import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { Agent, get, type IncomingMessage, request } from "node:http";
import path from "node:path";
import { text } from "node:stream/consumers";

import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import type { Socket } from "socket.io-client";

import { readerOf } from "../guarantees/reader.ts";
import { makeDataDir, removeDataDir } from "../support/data-dir.ts";
import { eventually } from "../support/eventually.ts";
import { notedPids, runs, startLauncher } from "../support/launcher.ts";
import { startProcess } from "../support/processes.ts";
import { pidsIn, type SeveralGateways, startGateways } from "../support/several-gateways.ts";
import { startTalk } from "../support/talk.ts";
import { keepVisiting, visit } from "../support/visits.ts";
import {
  connectOver,
  homeOf,
  POLLING,
  UPGRADING,
  type Way,
  WEBSOCKET,
} from "../support/ways-to-connect.ts";
import { openWorld, type Person, say, type World } from "../support/world.ts";

let world: World;
let gateways: SeveralGateways;
let ada: Person;
/** Its connections carry the requests of all sessions, as those of a browser or a proxy do. */
let agent: Agent;
const open: Socket[] = [];

beforeAll(async () => {
  world = await openWorld();
  gateways = await startGateways(world, 2);
  ada = await world.person("Ada");
  agent = new Agent({ keepAlive: true });
}, 60_000);
afterEach(() => {
  for (const socket of open.splice(0)) socket.disconnect();
});
afterAll(async () => {
  agent.destroy();
  await gateways.stop();
  await world.close();
});

async function connectMany(count: number, way: Way, url = gateways.url): Promise<Socket[]> {
  const connecting = Array.from({ length: count }, async () => {
    const socket = await connectOver(way, { url, token: ada.token });
    open.push(socket);
    return socket;
  });
  return Promise.all(connecting);
}

/** Ends a gateway; resolves when it is there again. */
async function end(name: string, signal: NodeJS.Signals): Promise<void> {
  const before = gateways.pids()[name] as number;
  process.kill(before, signal);
  await eventually(() => expect(gateways.pids()[name]).not.toBe(before), { withinMs: 20_000 });
}

/** A connection that is kept, to a certain gateway, and a session that was begun over it. */
async function keepConnection(name: string): Promise<{ agent: Agent; sid: string }> {
  return eventually(async () => {
    const kept = new Agent({ keepAlive: true, maxSockets: 1 });
    const asking = get(`${gateways.url}/socket.io/?EIO=4&transport=polling`, { agent: kept });
    const [answer] = (await once(asking, "response")) as [IncomingMessage];
    const { sid } = JSON.parse((await text(answer)).slice(1)) as { sid: string };
    if (sid.startsWith(`${name}.`)) return { agent: kept, sid };
    kept.destroy();
    throw new Error(`It came to another gateway than ${name}`);
  });
}

describe("several gateways on one port", () => {
  test("[G5] are all reached by clients that only poll, over whatever connections, and what each says reaches all", async () => {
    const room = await ada.openRoom();
    const sockets = await connectMany(16, { ...POLLING, agent });
    expect(new Set(sockets.map(homeOf))).toEqual(new Set(["1", "2"]));
    const readers = await Promise.all(sockets.map((socket) => readerOf(socket, room.id)));
    await Promise.all(sockets.map((socket, i) => say(socket, room.id, `from ${i}`)));
    await eventually(() => {
      for (const { facts } of readers) expect(facts).toHaveLength(sockets.length);
    });
    expect(readers.flatMap(({ problems }) => problems)).toEqual([]);
    expect(sockets.every(({ connected }) => connected)).toBe(true);
  });

  test("[G5] hand over a session that becomes a WebSocket, so that it depends on no other gateway", async () => {
    const room = await ada.openRoom();
    const sockets = await connectMany(12, { ...UPGRADING, agent });
    await eventually(() => {
      const transports = sockets.map((socket) => socket.io.engine.transport.name);
      expect(new Set(transports)).toEqual(new Set(["websocket"]));
    });
    const readers = await Promise.all(sockets.map((socket) => readerOf(socket, room.id)));
    const lost = readers.filter(({ socket }) => homeOf(socket) === "1");
    const [one, ...kept] = readers.filter(({ socket }) => homeOf(socket) === "2");
    if (one === undefined || lost.length === 0) throw new Error("They all began at one gateway");
    const backAgain = end("1", "SIGKILL");
    await eventually(() => expect(lost.some(({ socket }) => socket.connected)).toBe(false));
    await say(one.socket, room.id, "Is anybody there?");
    await eventually(() => {
      for (const { texts } of kept) expect(texts).toEqual(["Is anybody there?"]);
    });
    await backAgain;
  });

  test("take a client for who the proxy says it is, and count their own connections of it", async () => {
    const others = await startGateways(world, 2, {
      LIMITS: "on",
      TRUST_PROXY_HOPS: "1",
      LIMIT_CONNECTIONS_PER_IP: "2",
    });
    const from = (address: string) =>
      connectMany(1, { ...POLLING, headers: { "X-Forwarded-For": address } }, others.url);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 6 }, () => from("192.0.2.1, 192.0.2.7")),
    );
    // They come in turn, so each of the two gateways had three of them.
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(4);
    await from("192.0.2.7, 192.0.2.8");
    await others.stop();
  });

  test("are read by one scrape, each with its name", async () => {
    const sockets = await connectMany(6, WEBSOCKET);
    await eventually(async () => {
      const connections = await gateways.connections();
      expect(Object.keys(connections).toSorted()).toEqual(["1", "2"]);
      expect(connections).toEqual({ 1: expect.any(Number), 2: expect.any(Number) });
      expect(Object.values(connections)).not.toContain(0);
      expect(Object.values(connections).reduce((sum, each) => sum + each, 0)).toBe(sockets.length);
    });
    expect((await fetch(`${gateways.url}/readyz`)).status).toBe(200);
  });
});

describe("several gateways on one port, while people talk and come", () => {
  // Each request over a connection of its own: on a kept one that is cut, the stock client for Node begins
  // its request anew and never ends it.
  const everyWay = [POLLING, UPGRADING, WEBSOCKET];

  test("[G3] [G5] kill -9 of one loses nothing: its people come back with their cursor, to whichever lives", async () => {
    const talk = await startTalk(world, gateways.url, everyWay);
    await talk.untilSaid(60);
    const { 2: survivor } = gateways.pids();
    await end("1", "SIGKILL");
    expect(gateways.pids()["2"]).toBe(survivor);
    await talk.untilSaid(200);
    await talk.finish();
  }, 60_000);

  test("[G16] stopped one after the other they lose nothing, and nobody who comes is sent away", async () => {
    const talk = await startTalk(world, gateways.url, everyWay);
    const visitors = keepVisiting({ url: gateways.url, token: ada.token });
    await talk.untilSaid(60);
    for (const name of ["1", "2"]) await end(name, "SIGTERM");
    await talk.untilSaid(200);
    await talk.finish();
    const { failures, repeats } = await visitors.end();
    expect(failures).toEqual([]);
    // Only those who were about to enter, or came over what was left of an old connection.
    expect(repeats).toBeLessThan(10);
  }, 60_000);

  test("[G5] a request that could not be passed on leaves its connection fit for the next one", async () => {
    const [dying, living] = await Promise.all(["1", "2"].map((name) => keepConnection(name)));
    if (dying === undefined || living === undefined) throw new Error("There are two");
    const over = { agent: living.agent, host: "localhost", port: new URL(gateways.url).port };
    process.kill(gateways.pids()["1"] as number, "SIGSTOP");
    const body = Buffer.alloc(1_000_000, "x");
    const send = request({
      ...over,
      method: "POST",
      path: `/socket.io/?EIO=4&transport=polling&sid=${dying.sid}`,
      headers: { "Content-Length": body.length },
    });
    send.write(body.subarray(0, body.length / 2));
    const backAgain = end("1", "SIGKILL");
    const [answer] = (await once(send, "response")) as [IncomingMessage];
    expect(answer.statusCode).toBe(502);
    answer.resume();
    send.end(body.subarray(body.length / 2));
    expect(await visit(`${gateways.url}/healthz`, living.agent)).toBe(200);
    await backAgain;
    for (const { agent: each } of [dying, living]) each.destroy();
  }, 60_000);

  test("[G16] who comes in the moment in which one is killed is served by another", async () => {
    process.kill(gateways.pids()["1"] as number, "SIGSTOP");
    // They take turns: one of these is given to the one that does not answer any more.
    const visits = Promise.all(Array.from({ length: 4 }, () => visit(`${gateways.url}/healthz`)));
    const backAgain = end("1", "SIGKILL");
    expect(await visits).toEqual([200, 200, 200, 200]);
    await backAgain;
  }, 60_000);
});

describe("the end of several gateways", () => {
  test("[G16] spreads their goodbyes, and leaves no process behind", async () => {
    const others = await startGateways(world, 2);
    const sockets = await connectMany(20, WEBSOCKET, others.url);
    const closedAt: number[] = [];
    for (const socket of sockets) socket.on("disconnect", () => closedAt.push(Date.now()));
    const pids = Object.values(others.pids());
    others.kill("SIGTERM");
    expect(await others.exited).toBe(0);
    expect(closedAt).toHaveLength(20);
    expect(Math.max(...closedAt) - Math.min(...closedAt)).toBeGreaterThan(250);
    expect(await Promise.all(pids.map(runs))).toEqual([false, false]);
  });

  test("comes with the process that runs them, however that ends", async () => {
    const others = await startGateways(world, 2);
    const pids = Object.values(others.pids());
    others.kill("SIGKILL");
    await eventually(async () => {
      expect(await Promise.all(pids.map(runs))).toEqual([false, false]);
    });
  });

  test("comes with that of `GATEWAYS=2 npm start`, which starts one again that is killed", async () => {
    const dataDir = await makeDataDir("several");
    const launcher = startLauncher({ DATA_DIR: dataDir, GATEWAYS: "2", LOG_LEVEL: "info" });
    const url = await launcher.url;
    const pids = async () =>
      pidsIn(await readFile(path.join(dataDir, "logs", "gateway.log"), "utf8"));
    const before = await pids();
    expect(Object.keys(before).toSorted()).toEqual(["1", "2"]);
    process.kill(before["2"] as number, "SIGKILL");
    await eventually(async () => expect((await pids())["2"]).not.toBe(before["2"]), {
      withinMs: 20_000,
    });
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    const all = [...Object.values(await pids()), ...Object.values(await notedPids(dataDir))];
    launcher.kill("SIGINT");
    expect(await launcher.exited).toBe(0);
    expect(await Promise.all(all.map(runs))).not.toContain(true);
    await removeDataDir(dataDir);
  }, 60_000);
});

test("a port that is taken is said to be, before any gateway starts", async () => {
  const taken = { GATEWAYS: "2", PORT: new URL(gateways.url).port };
  const { databaseUrl, redisUrl } = world.stores;
  const starting = startProcess("server/main.ts", {
    ...taken,
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
  });
  await expect(starting).rejects.toThrow(/port \d+ is taken/u);
});
