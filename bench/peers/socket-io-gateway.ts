import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { Server, type ServerOptions, type Socket } from "socket.io";
import { v7 as uuidv7 } from "uuid";

import type { PeerJoin, PeerMessage, PeerSay, PeerUser } from "./message.ts";
import { verifyToken } from "./tokens.ts";

/** What a gateway does besides, when it keeps messages. */
interface Keeping {
  keep?: (message: PeerMessage) => Promise<unknown>;
  /** What came after a message, or from the beginning. */
  missed?: (room: string, since: string) => Promise<PeerMessage[]>;
}

/**
 * A chat gateway on Socket.IO as its documentation teaches it: WebSocket only, nothing compressed, the
 * handshake's request let go, one emit for each message.
 */
export function serveSocketIo(options: Partial<ServerOptions>, keeping: Keeping = {}): void {
  const http = createServer();
  const io = new Server(http, {
    transports: ["websocket"],
    perMessageDeflate: false,
    serveClient: false,
    ...options,
  });
  if (process.env["KEEP_REQUESTS"] !== "1") {
    io.engine.on("connection", (socket: { request: unknown }) => {
      socket.request = null;
    });
  }
  io.use((socket, next) => void admit(socket, next));
  io.on("connection", (socket: Socket) => {
    socket.on("join", async (join: PeerJoin, acknowledge: (reply: object) => void) => {
      await socket.join(join.room);
      const messages =
        join.since === undefined ? [] : await keeping.missed?.(join.room, join.since);
      acknowledge({ ok: true, messages });
    });
    socket.on("message", async (said: PeerSay, acknowledge: (reply: object) => void) => {
      const { room, clientId, text } = said;
      const by = socket.data as PeerUser;
      const message = { id: uuidv7(), room, at: new Date().toISOString(), by, clientId, text };
      await keeping.keep?.(message);
      io.to(room).emit("message", message);
      acknowledge({ ok: true, id: message.id });
    });
  });
  process.once("disconnect", () => process.exit(0));
  process.once("SIGTERM", () => process.exit(0));
  http.listen(0, () => {
    process.send?.({ type: "ready", port: (http.address() as AddressInfo).port });
  });
}

async function admit(socket: Socket, next: (error?: Error) => void): Promise<void> {
  let failure: Error | undefined;
  try {
    socket.data = await verifyToken(String(socket.handshake.auth["token"]));
  } catch (error) {
    failure = error as Error;
  }
  next(failure);
}
