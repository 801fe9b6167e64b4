import type { Server, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

import type { Siblings } from "./siblings.ts";

/** The connections of a shared port, as one of its gateways has them. */
export interface Connections {
  /** Takes no more: siblings do. Those that it took end with their next answer; resolves when all have. */
  leave: () => Promise<void>;
}

/**
 * Listens for an HTTP server on a port of its own, on the loopback, for what siblings pass on. (It has to
 * listen somewhere: else Node does not watch over its time-outs.) Answers the port.
 */
export async function listenPrivately(http: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    http.once("error", reject);
    http.listen(0, "127.0.0.1", resolve);
  });
  return (http.address() as AddressInfo).port;
}

/** Serves the connections of the shared port that are given to this gateway. */
export function takeConnections(http: Server, siblings: Siblings): Connections {
  const open = new Set<Socket>();
  const underWay = new Set<ServerResponse>();
  let leaving = false;
  http.prependListener("request", (_request, response) => {
    underWay.add(response);
    response.once("close", () => underWay.delete(response));
    if (leaving) sayGoodbye(response);
  });
  let onLeft: (() => void) | null = null;
  siblings.onConnection((socket) => {
    open.add(socket);
    socket.once("close", () => {
      open.delete(socket);
      if (leaving && open.size === 0) onLeft?.();
    });
    http.emit("connection", socket);
  });
  return {
    leave: () => {
      leaving = true;
      siblings.leave();
      // None is cut now: it might be just when it is used again.
      for (const response of underWay) sayGoodbye(response);
      return new Promise((resolve) => {
        onLeft = resolve;
        if (open.size === 0) resolve();
      });
    },
  };
}

function sayGoodbye(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader("Connection", "close");
}
