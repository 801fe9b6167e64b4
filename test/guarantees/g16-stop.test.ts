import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Socket } from "socket.io-client";
import { v7 as uuidv7 } from "uuid";

import { eventually } from "../support/eventually.ts";
import { startProcess } from "../support/processes.ts";
import { ask, connectSocket, openWorld, say, type World } from "../support/world.ts";
import {
  type Backstage,
  hold,
  idOf,
  keptLog,
  metaOf,
  openBackstage,
  untilBlocked,
  untilStored,
} from "./backstage.ts";
import { readerOf } from "./reader.ts";

let world: World;
let backstage: Backstage;
let env: Record<string, string>;
beforeAll(async () => {
  world = await openWorld({ worker: false });
  backstage = await openBackstage(world);
  env = { DATABASE_URL: world.stores.databaseUrl, REDIS_URL: world.stores.redisUrl };
});
afterAll(async () => {
  await backstage.close();
  await world.close();
});

type Outcome = "accepted" | "refused" | "unknown";

/** Sends one thing after the other until the socket is closed; answers how each fared, by clientId. */
async function sendUntilClosed(socket: Socket, room: string): Promise<Map<string, Outcome>> {
  const outcomes = new Map<string, Outcome>();
  while (socket.connected) {
    const clientId = uuidv7();
    const reply = await ask(socket, "message:send", { room, clientId, text: "on and on" }).catch(
      () => null,
    );
    outcomes.set(clientId, reply === null ? "unknown" : reply.ok ? "accepted" : "refused");
  }
  return outcomes;
}

describe("a stop loses nothing", () => {
  test("[G16] a gateway that is told to stop under load keeps every answer it gave, and ends by itself", async () => {
    const ada = await world.person("Ada");
    const room = await ada.openRoom();
    const gateway = await startProcess("server/main.ts", env);
    const sockets = await Promise.all(
      Array.from({ length: 20 }, () => connectSocket(gateway.url, ada.token)),
    );
    const closedAt: number[] = [];
    for (const socket of sockets) socket.on("disconnect", () => closedAt.push(Date.now()));
    const reader = await readerOf(await ada.connect(), room.id);
    const sending = sockets.map((socket) => sendUntilClosed(socket, room.id));
    await eventually(() => expect(reader.facts.length).toBeGreaterThan(100));

    gateway.kill("SIGTERM");
    const outcomes = new Map((await Promise.all(sending)).flatMap((each) => [...each]));
    expect(await gateway.exited).toBe(0);
    // Their clients come back elsewhere, but not all in one moment.
    expect(Math.max(...closedAt) - Math.min(...closedAt)).toBeGreaterThan(500);

    const clientIds = (outcome: Outcome) =>
      [...outcomes].filter(([, each]) => each === outcome).map(([clientId]) => clientId);
    const said = () =>
      reader.facts.map((fact) => (fact.type === "message.sent" ? fact.clientId : ""));
    // All that was accepted is there; and all that is there was answered: what was under way when
    // the stop began had its answer before its socket was closed.
    await eventually(() => expect(said().toSorted()).toEqual(clientIds("accepted").toSorted()));
    expect(clientIds("refused").length).toBeGreaterThan(0);
    expect(reader.problems).toEqual([]);
  });

  test("[G16] a gateway that stops is not ready, and takes nobody in", async () => {
    const ada = await world.person("Ada");
    const gateway = await startProcess("server/main.ts", env);
    const sockets = await Promise.all(
      Array.from({ length: 40 }, () => connectSocket(gateway.url, ada.token)),
    );
    const ready = async () => (await fetch(`${gateway.url}/readyz`)).status;
    expect(await ready()).toBe(200);
    gateway.kill("SIGTERM");
    await eventually(async () => expect(await ready()).toBe(503), { withinMs: 1_000 });
    await expect(connectSocket(gateway.url, ada.token)).rejects.toMatchObject({
      data: { code: "unavailable", retryAfterMs: expect.any(Number) },
    });
    const rest = await fetch(`${gateway.url}/v1/me`, {
      headers: { Authorization: `Bearer ${ada.token}` },
    });
    expect([rest.status, rest.headers.get("retry-after")]).toEqual([503, expect.any(String)]);
    expect(await gateway.exited).toBe(0);
    expect(sockets.map(({ connected }) => connected)).not.toContain(true);
  });

  test("[G16] a command that is under way when the stop begins is answered, however long it takes", async () => {
    const ada = await world.person("Ada");
    const room = await ada.openRoom();
    const gateway = await startProcess("server/main.ts", env);
    const socket = await connectSocket(gateway.url, ada.token);
    const letGo = await hold(backstage, "LOCK TABLE members IN ACCESS EXCLUSIVE MODE");
    const entering = ask(socket, "room:enter", { room: room.id });
    await untilBlocked(backstage);
    gateway.kill("SIGTERM");
    await eventually(async () => expect((await fetch(`${gateway.url}/readyz`)).status).toBe(503));
    expect(socket.connected).toBe(true);
    await letGo();
    expect(await entering).toMatchObject({ ok: true });
    expect(await gateway.exited).toBe(0);
  });

  test("[G16] a worker that is told to stop finishes the transaction that it has begun", async () => {
    const ada = await world.person("Ada");
    const room = await ada.openRoom();
    const socket = await ada.connect();
    for (let i = 1; i <= 20; i += 1) await say(socket, room.id, `line ${i}`);
    const letGo = await hold(backstage, "LOCK TABLE room_minutes IN ACCESS EXCLUSIVE MODE");
    const worker = await startProcess("workers/main.ts", env);
    await untilBlocked(backstage);
    worker.kill("SIGTERM");
    await letGo();
    expect(await worker.exited).toBe(0);
    await untilStored(backstage, idOf(room), 20, 100);
    expect(await keptLog(backstage, idOf(room))).toHaveLength(20);
    // And it has told so: nobody has to find out later.
    expect(await metaOf(backstage, idOf(room))).toMatchObject({ stored: "20" });
  });
});
