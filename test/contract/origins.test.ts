import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";

import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { io, type Socket } from "socket.io-client";
import { WebSocket } from "ws";

import type { Push } from "../../protocol/facts.ts";
import { eventually } from "../support/eventually.ts";
import {
  ask,
  command,
  firstGateway,
  openWorld,
  type Person,
  say,
  type World,
} from "../support/world.ts";

const OURS = "https://chat.example";
const ALSO_OURS = "http://localhost:5173";

let world: World;
let ada: Person;
beforeAll(async () => {
  world = await openWorld({ worker: false, env: { ALLOWED_ORIGINS: `${OURS}, ${ALSO_OURS}` } });
  ada = await world.person("Ada");
});
afterAll(() => world.close());

const headersOf = (origin: string | undefined) =>
  origin === undefined ? {} : { headers: { Origin: origin } };

/** How the upgrade to a WebSocket is answered: 101 when it is taken. */
async function upgrade(origin: string | undefined): Promise<number> {
  const url = `${firstGateway(world).url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`;
  const ws = new WebSocket(url, headersOf(origin));
  ws.on("error", () => {});
  const status = await new Promise<number>((resolve) => {
    ws.once("open", () => resolve(101));
    ws.once("unexpected-response", (_request, { statusCode = 0 }) => resolve(statusCode));
  });
  ws.terminate();
  return status;
}

/** How polling begins; by hand, because fetch keeps Origin for itself. */
async function poll(
  origin: string | undefined,
  path = "/socket.io/?EIO=4&transport=polling",
  method = "GET",
): Promise<IncomingMessage> {
  const asking = request(`${firstGateway(world).url}${path}`, { method, ...headersOf(origin) });
  asking.end();
  const [response] = (await once(asking, "response")) as [IncomingMessage];
  response.resume();
  return response;
}

const strangers: [string, string][] = [
  ["another site", "https://evil.example"],
  ["a site below ours", "https://sub.chat.example"],
  ["a site whose name begins like ours", "https://chat.example.evil.example"],
  ["ours without TLS", "http://chat.example"],
  ["ours on another port", "https://chat.example:8443"],
  ["ours with a path", "https://chat.example/"],
  ["a page in a sandbox", "null"],
  ["an empty origin", ""],
  ["two at once", `${OURS}, https://evil.example`],
];

describe("a browser page of a stranger's origin gets nowhere", () => {
  test.each(strangers)(
    "[security 1] %s: no upgrade, no polling, no CORS",
    async (_what, origin) => {
      // Engine.IO has 400 for every upgrade that it does not take.
      expect(await upgrade(origin)).toBe(400);
      expect((await poll(origin)).statusCode).toBe(403);
      for (const method of ["GET", "OPTIONS"]) {
        const answer = await poll(origin, "/v1/rooms", method);
        expect(answer.headers["access-control-allow-origin"]).toBeUndefined();
      }
    },
  );
});

describe("a page of ours gets in, and what is no browser, too", () => {
  test.each([OURS, ALSO_OURS])("[security 1] %s", async (origin) => {
    expect(await upgrade(origin)).toBe(101);
    const polling = await poll(origin);
    expect(polling.statusCode).toBe(200);
    expect(polling.headers["access-control-allow-origin"]).toBe(origin);
    const preflight = await poll(origin, "/v1/rooms", "OPTIONS");
    expect(preflight.headers["access-control-allow-origin"]).toBe(origin);
    const rest = await poll(origin, "/v1/rooms");
    expect(rest.headers["access-control-expose-headers"]).toContain("Retry-After");
  });

  test("[security 1] a client that sends no origin", async () => {
    expect(await upgrade(undefined)).toBe(101);
    expect((await poll(undefined)).statusCode).toBe(200);
  });
});

/** A stock client that must do with these transports. */
async function connectOver(transports: string[]): Promise<Socket> {
  const socket = io(firstGateway(world).url, {
    auth: { token: ada.token },
    transports,
    reconnection: false,
    forceNew: true,
  });
  await eventually(() => expect(socket.connected).toBe(true));
  return socket;
}

describe("without WebSockets", () => {
  test("a client that can only poll sends, hears and is refused like any other", async () => {
    const room = await ada.openRoom();
    const [polling, speaker] = [await connectOver(["polling"]), await ada.connect()];
    const got: Push<"room.events">[] = [];
    polling.on("room.events", (push: Push<"room.events">) => got.push(push));
    await command(polling, "room:enter", { room: room.id });
    const mine = await say(polling, room.id, "by post");
    const hers = await say(speaker, room.id, "by wire");
    await eventually(() =>
      expect(got.flatMap(({ events }) => events)).toMatchObject([
        { seq: mine.seq, text: "by post" },
        { seq: hers.seq, text: "by wire" },
      ]),
    );
    expect(await ask(polling, "message:pin", { room: "no-such-room", seq: 1 })).toMatchObject({
      error: { code: "not_found" },
    });
    expect(polling.io.engine.transport.name).toBe("polling");
    polling.disconnect();
  });

  test("a client that begins by polling goes on over a WebSocket and misses nothing", async () => {
    const room = await ada.openRoom();
    const [socket, speaker] = [await connectOver(["polling", "websocket"]), await ada.connect()];
    const seqs: number[] = [];
    socket.on("room.events", ({ events }: Push<"room.events">) =>
      seqs.push(...events.map(({ seq }) => seq)),
    );
    await command(socket, "room:enter", { room: room.id });
    let last = 0;
    await eventually(async () => {
      ({ seq: last } = await say(speaker, room.id, "are you there?"));
      expect(socket.io.engine.transport.name).toBe("websocket");
    });
    await eventually(() => expect(seqs).toEqual(Array.from({ length: last }, (_, i) => i + 1)));
    socket.disconnect();
  });

  test("[G15] a body of noise while polling costs its own connection and no other", async () => {
    const { url } = firstGateway(world);
    const opened = await (await fetch(`${url}/socket.io/?EIO=4&transport=polling`)).text();
    const { sid } = JSON.parse(opened.slice(1)) as { sid: string };
    const line = `${url}/socket.io/?EIO=4&transport=polling&sid=${sid}`;
    await fetch(line, { method: "POST", body: "garbage\u001e9\u001e42[" });
    await eventually(async () => expect((await fetch(line)).status).toBe(400));
    const room = await ada.openRoom();
    expect((await say(await ada.connect(), room.id, "still here")).seq).toBe(1);
  });

  test.each([
    ["an old protocol", "/socket.io/?EIO=3&transport=polling", "GET", 400],
    ["a transport that is none", "/socket.io/?EIO=4&transport=pigeon", "GET", 400],
    ["__proto__ for a transport", "/socket.io/?EIO=4&transport=__proto__", "GET", 400],
    ["no transport", "/socket.io/", "GET", 400],
    ["a method that is none of its own", "/socket.io/?EIO=4&transport=polling", "DELETE", 400],
    ["a session nobody has", "/socket.io/?EIO=4&transport=polling&sid=x", "GET", 400],
  ])("[G15] %s is refused", async (_what, path, method, status) => {
    expect((await poll(undefined, path, method)).statusCode).toBe(status);
  });
});
