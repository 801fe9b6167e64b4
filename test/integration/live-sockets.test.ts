import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { Server, type Socket as ServerSocket } from "socket.io";
import { io, type Socket } from "socket.io-client";

import type { RoomId } from "../../protocol/ids.ts";
import { LiveSockets } from "../../server/transport/sockets/live-sockets.ts";
import { textFrame } from "../../server/transport/sockets/text-frame.ts";
import { FrameWriter } from "../../server/transport/sockets/write-frame.ts";

const http = createServer();
const server = new Server(http, { serveClient: false });
const open: Socket[] = [];
const room = "room" as RoomId;

beforeAll(async () => {
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
});

afterAll(async () => {
  for (const client of open) client.disconnect();
  await server.close();
});

async function connect(transports: string[]): Promise<{ client: Socket; socket: ServerSocket }> {
  const { port } = http.address() as AddressInfo;
  const client = io(`http://127.0.0.1:${port}`, { transports, forceNew: true });
  open.push(client);
  const [[socket]] = await Promise.all([
    once(server, "connection") as Promise<[ServerSocket]>,
    new Promise<void>((resolve) => void client.once("connect", resolve)),
  ]);
  return { client, socket };
}

/** The numbers that a client gets as `n` of an event, until it has so many. */
function numbers(client: Socket, event: string, count: number): Promise<number[]> {
  const got: number[] = [];
  return new Promise((resolve) => {
    client.on(event, ({ n }: { n: number }) => {
      if (got.push(n) === count) resolve(got);
    });
  });
}

const typing = (n: number) => ({ n }) as never;
const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);

test("a frame is written past Engine.IO to an idle WebSocket, and read as any event", async () => {
  const { client, socket } = await connect(["websocket"]);
  const got = numbers(client, "room.typing", 1);
  expect(new FrameWriter(socket.conn).write(textFrame('42["room.typing",{"n":0}]'))).toBe(true);
  expect(await got).toEqual([0]);
});

test("a frame is not written to who polls, has packets waiting, or is gone", async () => {
  const polling = await connect(["polling"]);
  expect(new FrameWriter(polling.socket.conn).write(textFrame("42[]"))).toBe(false);
  const waiting = await connect(["websocket"]);
  waiting.socket.emit("first");
  expect(new FrameWriter(waiting.socket.conn).write(textFrame("42[]"))).toBe(false);
  const gone = await connect(["websocket"]);
  const writer = new FrameWriter(gone.socket.conn);
  expect(writer.write(textFrame('42["room.typing",{"n":0}]'))).toBe(true);
  gone.socket.disconnect(true);
  expect(writer.write(textFrame("42[]"))).toBe(false);
});

test.each([[["websocket"]], [["polling"]], [["polling", "websocket"]]])(
  "[G1] over %j what a room and what one socket is sent arrives in the order in which it was sent",
  async (transports) => {
    const { client, socket } = await connect(transports);
    const live = new LiveSockets(server);
    live.join(room, socket);
    const got = numbers(client, "room.typing", 400);
    for (let n = 0; n < 400; n += 1) {
      // A page for this socket alone, of which the second waits for the first to be written.
      if (n % 5 < 2) socket.emit("room.typing", { n });
      else live.emit(room, "room.typing", typing(n));
      if (n % 7 === 0) await new Promise(setImmediate);
    }
    expect(await got).toEqual(upTo(400));
  },
);

test("who left a room gets nothing of it", async () => {
  const stays = await connect(["websocket"]);
  const leaves = await connect(["websocket"]);
  const live = new LiveSockets(server);
  for (const { socket } of [stays, leaves]) live.join(room, socket);
  live.leave(room, leaves.socket);
  const [got, other] = [numbers(stays.client, "room.typing", 1), numbers(leaves.client, "end", 1)];
  let strays = 0;
  leaves.client.on("room.typing", () => (strays += 1));
  live.emit(room, "room.typing", typing(0));
  leaves.socket.emit("end", { n: 1 });
  await Promise.all([got, other]);
  expect(strays).toBe(0);
});
