import { createServer, type Server as HttpServer } from "node:http";

import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { Server } from "socket.io";

import {
  socketTransport,
  type TransportEvents,
  type TransportLink,
} from "../../client/transport.ts";

let http: HttpServer;
let io: Server;
let links: TransportLink[];
let url: string;

beforeEach(async () => {
  links = [];
  http = createServer();
  io = new Server(http);
  await new Promise<void>((resolve) => http.listen(0, resolve));
  const address = http.address();
  url = `http://localhost:${typeof address === "object" ? address?.port : ""}`;
});

afterEach(async () => {
  for (const link of links) link.close();
  await io.close();
});

/** Opens a link; what it tells comes in order from `next`. */
function open(token: string | null) {
  const told: unknown[][] = [];
  const waiting: ((one: unknown[]) => void)[] = [];
  const tell = (...one: unknown[]) => {
    const waiter = waiting.shift();
    if (waiter === undefined) told.push(one);
    else waiter(one);
  };
  const events: TransportEvents = {
    connected: () => tell("connected"),
    refused: ({ message, data }) => tell("refused", message, data),
    disconnected: (reason) => tell("disconnected", reason),
    pushed: (name, data) => tell("pushed", name, data),
  };
  const link = socketTransport(url).open(token, events);
  links.push(link);
  const next = () => {
    const one = told.shift();
    if (one !== undefined) return Promise.resolve(one);
    return new Promise<unknown[]>((resolve) => waiting.push(resolve));
  };
  return { link, next };
}

test("a link carries the token, commands, answers and pushes, over a WebSocket", async () => {
  io.on("connection", (socket) => {
    socket.on("room:read", (input: unknown, answer: (reply: object) => void) => {
      answer({ ok: true, input });
      socket.emit("room.head", {
        token: socket.handshake.auth["token"] as unknown,
        way: socket.conn.transport.name,
      });
    });
  });
  const { link, next } = open("secret");
  expect(await next()).toEqual(["connected"]);
  const reply = new Promise((resolve) => link.request("room:read", { seq: 1 }, resolve));
  expect(await reply).toEqual({ ok: true, input: { seq: 1 } });
  expect(await next()).toEqual(["pushed", "room.head", { token: "secret", way: "websocket" }]);
});

test("a handshake that the server refuses tells what it said", async () => {
  const data = { code: "unavailable", message: "Stopping", retryAfterMs: 1_200 };
  io.use((_socket, next) => next(Object.assign(new Error("Stopping"), { data })));
  const { next } = open(null);
  expect(await next()).toEqual(["refused", "Stopping", data]);
});

test("a server that is not there is a refusal, and the link does not try again", async () => {
  await io.close();
  const { next } = open(null);
  const [what] = await next();
  expect(what).toBe("refused");
  let toldMore = false;
  void next().then(() => (toldMore = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(toldMore).toBe(false);
});

test("a link that the server ends says so and stays ended", async () => {
  let connections = 0;
  io.on("connection", (socket) => {
    connections += 1;
    socket.disconnect(true);
  });
  const { next } = open(null);
  expect(await next()).toEqual(["connected"]);
  const [what] = await next();
  expect([what, connections]).toEqual(["disconnected", 1]);
});
