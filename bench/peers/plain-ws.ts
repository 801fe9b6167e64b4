import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";

import { Redis } from "ioredis";
import { v7 as uuidv7 } from "uuid";
import { type WebSocket, WebSocketServer } from "ws";

import type { PeerMessage, PeerSay, PeerUser } from "./message.ts";
import { verifyToken } from "./tokens.ts";

// The least that can be done: ws and a publish for each message, one frame made for all of a room and
// written past ws. No acknowledgement of rooms, no heartbeat, no reconnecting: the limit, not a product.
const redis = new Redis(process.env["REDIS_URL"] ?? "");
const subscriber = redis.duplicate();
const rooms = new Map<string, Set<Duplex>>();

subscriber.on("message", (room: string, message: string) => {
  const frame = writeFrame(`m${message}`);
  for (const socket of rooms.get(room) ?? []) socket.write(frame);
});

const server = new WebSocketServer({ port: 0, perMessageDeflate: false });
server.on("connection", (socket, request) => {
  let user: PeerUser | null = null;
  const onFrame = async (frame: string): Promise<void> => {
    if (user === null) {
      user = await join({ socket, raw: request.socket }, JSON.parse(frame.slice(1)) as Joining);
    } else {
      say(socket, user, JSON.parse(frame.slice(1)) as PeerSay & { number: number });
    }
  };
  socket.on("error", () => socket.terminate());
  socket.on("message", (data: Buffer) => void onFrame(data.toString()));
});
process.once("disconnect", () => process.exit(0));
process.once("SIGTERM", () => process.exit(0));
server.once("listening", () => {
  process.send?.({ type: "ready", port: (server.address() as AddressInfo).port });
});

interface Joining {
  token: string;
  room: string;
}

async function join(
  { socket, raw }: { socket: WebSocket; raw: Duplex },
  { token, room }: Joining,
): Promise<PeerUser> {
  const user = await verifyToken(token);
  const present = rooms.get(room) ?? new Set();
  rooms.set(room, present.add(raw));
  await subscriber.subscribe(room);
  socket.once("close", () => present.delete(raw));
  socket.send("j");
  return user;
}

function say(socket: WebSocket, by: PeerUser, said: PeerSay & { number: number }): void {
  const { room, clientId, text, number } = said;
  const message: PeerMessage = {
    id: uuidv7(),
    room,
    at: new Date().toISOString(),
    by,
    clientId,
    text,
  };
  void redis.publish(room, JSON.stringify(message));
  socket.send(`a${number}`);
}

/** A server's text frame, of up to 64 KB. */
function writeFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const start = length < 126 ? 2 : 4;
  const frame = Buffer.alloc(start + length);
  frame[0] = 0x81;
  frame[1] = length < 126 ? length : 126;
  if (start === 4) frame.writeUInt16BE(length, 2);
  frame.write(text, start);
  return frame;
}
