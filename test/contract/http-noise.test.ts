import { once } from "node:events";
import { connect } from "node:net";

import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";

import type { Room } from "../../protocol/shapes.ts";
import { eventually } from "../support/eventually.ts";
import { startProcess, type RunningProcess } from "../support/processes.ts";
import { openTestStores, type TestStores } from "../support/stores.ts";
import { command, connectSocket, say } from "../support/world.ts";
import { joinRaw } from "./raw-socket.ts";

// A process as in production: what ends it would end a test's own process, too, and be blamed on it.
let stores: TestStores;
let gateway: RunningProcess;
let token: string;
let room: Room;
beforeAll(async () => {
  stores = await openTestStores();
  gateway = await startProcess("server/main.ts", {
    DATABASE_URL: stores.databaseUrl,
    REDIS_URL: stores.redisUrl,
  });
  ({ token } = await post<{ token: string }>("/v1/guests", { displayName: "Ada" }));
  room = await post<Room>("/v1/rooms", { title: "Lobby", slug: "lobby", visibility: "public" });
});
afterAll(async () => {
  gateway.kill("SIGKILL");
  await gateway.exited;
  await stores.close();
});

async function post<T>(path: string, body: object): Promise<T> {
  const answer = await fetch(`${gateway.url}${path}`, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      ...(path === "/v1/guests" ? {} : { Authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  });
  return (await answer.json()) as T;
}

/** The same process as before serves, and never met what it had not expected. */
async function expectAlive(): Promise<void> {
  expect([gateway.child.exitCode, gateway.child.signalCode]).toEqual([null, null]);
  const socket = await connectSocket(gateway.url, token);
  expect((await say(socket, room.id, "still here")).seq).toBeGreaterThan(0);
  socket.disconnect();
  expect(gateway.output()).not.toMatch(/unhandled|uncaught|a command failed|a request failed/iu);
}

/** Writes bytes and answers all that comes back until the server closes the line. */
async function exchange(noise: string | Buffer): Promise<string> {
  const line = connect(Number(new URL(gateway.url).port), "localhost");
  let heard = "";
  line.on("data", (chunk: Buffer) => {
    heard += chunk.toString("latin1");
  });
  // A reset in the middle of what we write is an answer, too.
  line.on("error", () => {});
  line.write(noise);
  await once(line, "close");
  return heard;
}

const request = (first: string, headers: string[] = [], body = "") =>
  [first, "Host: eddy", "Connection: close", ...headers, "", body].join("\r\n");
const posting = (headers: string[], body: string) =>
  request("POST /v1/guests HTTP/1.1", ["Content-Type: application/json", ...headers], body);

const SOCKET = "/socket.io/?EIO=4&transport=websocket";
const WEBSOCKET = "Upgrade: websocket";
const VERSION = "Sec-WebSocket-Version: 13";
const KEY = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==";

const upgrading = (path: string, headers = [WEBSOCKET, VERSION, KEY]) =>
  [`GET ${path} HTTP/1.1`, "Host: eddy", "Connection: Upgrade", ...headers, "", ""].join("\r\n");

/** A WebSocket frame, in hexadecimal, right behind the upgrade. */
const framed = (frame: string) =>
  Buffer.concat([Buffer.from(upgrading(SOCKET)), Buffer.from(frame, "hex")]);

describe("[G15] what is hardly HTTP is answered or cut, and the process lives", () => {
  test.each<[string, string | Buffer, RegExp]>([
    ["no HTTP at all", "hello\r\n\r\n", /^HTTP\/1\.1 400/u],
    ["the beginning of TLS", Buffer.from("160301020001000", "hex"), /^HTTP\/1\.1 400/u],
    ["a path with a NUL", request("GET /\0 HTTP/1.1"), /^HTTP\/1\.1 400/u],
    ["a method nobody knows", request("BREW /v1/rooms HTTP/1.1"), /^HTTP\/1\.1 400/u],
    ["another version of HTTP", request("GET / HTTP/9.9"), /^HTTP\/1\.1 400/u],
    ["no host", "GET /v1/rooms HTTP/1.1\r\nConnection: close\r\n\r\n", /^HTTP\/1\.1 400/u],
    ["a header without a colon", request("GET /v1/rooms HTTP/1.1", ["x"]), /^HTTP\/1\.1 400/u],
    ["a header with a NUL", request("GET /v1/rooms HTTP/1.1", ["X: a\0b"]), /^HTTP\/1\.1 400/u],
    [
      "a URL of 20,000 letters",
      request(`GET /v1/${"x".repeat(20_000)} HTTP/1.1`),
      /^HTTP\/1\.1 431/u,
    ],
    [
      "a header of 20,000 letters",
      request("GET / HTTP/1.1", [`X: ${"x".repeat(20_000)}`]),
      /^HTTP\/1\.1 431/u,
    ],
    ["a negative length", posting(["Content-Length: -5"], "{}"), /^HTTP\/1\.1 400/u],
    ["a length in words", posting(["Content-Length: ten"], "{}"), /^HTTP\/1\.1 400/u],
    ["two lengths", posting(["Content-Length: 2", "Content-Length: 3"], "{}"), /^HTTP\/1\.1 400/u],
    [
      "a length and chunks",
      posting(["Content-Length: 2", "Transfer-Encoding: chunked"], "{}"),
      /^HTTP\/1\.1 400/u,
    ],
    [
      "chunks of no size",
      posting(["Transfer-Encoding: chunked"], "zz\r\n{}\r\n0\r\n\r\n"),
      /^HTTP\/1\.1 400/u,
    ],
    [
      "an encoding of transfer nobody knows",
      posting(["Transfer-Encoding: morse"], "{}"),
      /^HTTP\/1\.1 (?:400|501)/u,
    ],
    [
      "chunks over the limit",
      posting(["Transfer-Encoding: chunked"], `15000\r\n${"x".repeat(0x15000)}\r\n0\r\n\r\n`),
      /^HTTP\/1\.1 413[\s\S]*too_large/u,
    ],
    [
      "an expectation nobody meets",
      request("GET /v1/rooms HTTP/1.1", ["Expect: cake"]),
      /^HTTP\/1\.1 417/u,
    ],
    [
      "a list of 2,000 ranges",
      request("GET /v1/rooms HTTP/1.1", [`Range: bytes=${"0-0,".repeat(2_000)}0-0`]),
      /^HTTP\/1\.1 200/u,
    ],
    [
      "a whole URL for a path",
      request("GET http://evil.example/v1/nothing HTTP/1.1"),
      /^HTTP\/1\.1 404[\s\S]*not_found/u,
    ],
    ["a star for a path", request("OPTIONS * HTTP/1.1"), /^HTTP\/1\.1 404/u],
    ["slashes for a path", request("GET //v1//rooms HTTP/1.1"), /^HTTP\/1\.1 404/u],
    ["CONNECT", request("CONNECT evil.example:443 HTTP/1.1"), /^$/u],
    [
      "an upgrade to something else",
      upgrading("/v1/rooms", ["Upgrade: h2c"]),
      /^(?:HTTP\/1\.1 4.*)?$/su,
    ],
    ["a WebSocket on another path", upgrading("/v1/rooms"), /^(?:HTTP\/1\.1 4.*)?$/su],
    ["a WebSocket without a key", upgrading(SOCKET, [WEBSOCKET, VERSION]), /^HTTP\/1\.1 400/u],
    [
      "a WebSocket of another version",
      upgrading(SOCKET, [WEBSOCKET, KEY, "Sec-WebSocket-Version: 7"]),
      /^HTTP\/1\.1 4/u,
    ],
    ["a WebSocket frame that is not masked", framed("81023430"), /^HTTP\/1\.1 101/u],
    [
      "a WebSocket frame that says it is 2^62 bytes long",
      framed("81ff4000000000000000"),
      /^HTTP\/1\.1 101/u,
    ],
    ["a WebSocket frame of a kind that is none", framed("83800000000034"), /^HTTP\/1\.1 101/u],
    ["a WebSocket frame that says it is compressed", framed("c18100000000"), /^HTTP\/1\.1 101/u],
    ["a WebSocket ping over its size", framed("89fe01000000000000"), /^HTTP\/1\.1 101/u],
    ["WebSocket text that is no UTF-8", framed("818200000000fffe"), /^HTTP\/1\.1 101/u],
    ["the end of a WebSocket frame that never began", framed("8080000000"), /^HTTP\/1\.1 101/u],
  ])("%s", async (_what, noise, answer) => {
    expect(await exchange(noise)).toMatch(answer);
    await expectAlive();
  });

  test("lines that are cut in the middle of a request", async () => {
    const port = Number(new URL(gateway.url).port);
    for (const half of ["GET /v1/ro", posting(["Content-Length: 40"], '{"displayName":')]) {
      const line = connect(port, "localhost");
      await once(line, "connect");
      line.write(half);
      line.resetAndDestroy();
    }
    await expectAlive();
  });

  test("frames of every kind of noise at once, on a hundred connections", async () => {
    const frames = [
      "427[5]",
      '427["error",{}]',
      '427["message:send",{"room":"lobby","clientId":7,"text":{}}]',
      `427["room:enter",${"[".repeat(9_000)}${"]".repeat(9_000)}]`,
      '427["session:renew",{"token":"a.b.c"}]',
      '42["message:send"]',
      String.raw`427["message:send",{"room":"lobby","text":"\ud800\u0000"}]`,
      '45999-["x"]',
      "4",
    ];
    const raws = await Promise.all(Array.from({ length: 100 }, () => joinRaw(gateway.url, token)));
    for (const [i, raw] of raws.entries()) {
      raw.write(...frames.slice(i % frames.length), ...frames);
      if (i % 3 === 0) raw.end();
    }
    await eventually(() => expect(raws.filter((raw) => raw.isOpen())).toEqual([]));
    await expectAlive();
  });
});

test("[G16] after all that, the same process stops as it should", async () => {
  const socket = await connectSocket(gateway.url, token);
  await command(socket, "room:enter", { room: room.id });
  gateway.kill("SIGTERM");
  expect(await gateway.exited).toBe(0);
});
