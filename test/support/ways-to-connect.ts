import type { Agent } from "node:http";

import { io, type Socket } from "socket.io-client";

import type { Transport } from "../../client/transport.ts";

/** How a socket.io client connects. */
export interface Way {
  transports: ("polling" | "websocket")[];
  /** Its connections; without one each request has its own. */
  agent?: Agent;
  headers?: Record<string, string>;
}

export const POLLING: Way = { transports: ["polling"] };
export const WEBSOCKET: Way = { transports: ["websocket"] };
/** What a stock client does when it is told nothing. */
export const UPGRADING: Way = { transports: ["polling", "websocket"] };

/** A stock socket.io client that connects in a given way, and does not come back by itself unless told to. */
export function clientOver(
  way: Way,
  { url, token, reconnection = false }: { url: string; token: string; reconnection?: boolean },
): Socket {
  return io(url, {
    auth: { token },
    forceNew: true,
    reconnection,
    reconnectionDelay: 10,
    transports: way.transports,
    extraHeaders: way.headers ?? {},
    // Its types know browsers only.
    agent: (way.agent ?? false) as boolean,
  });
}

/** Connects a stock client in a given way. Errors: what the handshake refused with. */
export async function connectOver(way: Way, to: { url: string; token: string }): Promise<Socket> {
  const socket = clientOver(way, to);
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("connect_error", reject);
  });
  return socket;
}

/** The gateway at which a client's session began, where several share a port. */
export function homeOf(socket: Socket): string | undefined {
  const { id } = socket.io.engine as unknown as { id: string };
  return id.split(".")[0];
}

/** For Eddy's own client: the given way to connect. */
export function transportOver(way: Way, url: string): Transport {
  return {
    open(token, events) {
      const socket = clientOver(way, { url, token: token ?? "" });
      socket.on("connect", () => events.connected());
      socket.on("connect_error", (error: Error & { data?: unknown }) => events.refused(error));
      socket.on("disconnect", (reason) => events.disconnected(reason));
      socket.onAny((name: string, data: unknown) => events.pushed(name, data));
      return {
        request: (name, input, answer) => void socket.emit(name, input, answer),
        close: () => void socket.off().offAny().disconnect(),
      };
    },
  };
}
