import { type AddressInfo, createServer, type Socket } from "node:net";

import { type Handle, handleOf } from "./handle.ts";

/** A port whose connections are shared out. */
export interface SharedOut {
  port: number;
  /** Someone takes connections from now on, one at a time, in turn with the others. */
  join: (give: (handle: Handle) => void) => Taker;
  /** Takes no more connections, and closes those that nobody took. */
  close: () => void;
}

/** Someone who takes connections. */
export interface Taker {
  /** The connection that was given is taken: the next may come. */
  took: () => void;
  /** Gets no more. */
  leave: () => void;
  /** Is no more: what was given and not taken is given to another. */
  end: () => void;
}

/** Connections that wait while nobody takes them; more are closed. */
const MOST_WAITING = 1_000;

/**
 * Listens on a port and shares its connections out, unread. Node's cluster does the same, but when a
 * process is killed before it has answered for a connection, cluster keeps that connection open for
 * ever, and its client waits for as long. Errors: when the port is taken.
 */
export async function shareOut(wanted: number): Promise<SharedOut> {
  const waiting: Socket[] = [];
  const free: ((socket: Socket) => void)[] = [];
  const match = () => {
    while (waiting.length > 0 && free.length > 0) {
      const [socket, give] = [waiting.shift(), free.shift()];
      if (socket !== undefined) give?.(socket);
    }
  };
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    if (waiting.length >= MOST_WAITING) socket.destroy();
    else waiting.push(socket);
    match();
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(wanted, resolve);
  });

  return {
    port: (server.address() as AddressInfo).port,
    join: (send) => {
      let held: Socket | null = null;
      let over = false;
      const give = (socket: Socket) => {
        const handle = handleOf(socket);
        // It was closed while it waited.
        if (handle === null) return beFree();
        held = socket;
        send(handle);
      };
      const beFree = () => {
        if (!over) free.push(give);
        match();
      };
      const leave = () => {
        over = true;
        if (free.includes(give)) free.splice(free.indexOf(give), 1);
      };
      beFree();
      return {
        took: () => {
          // Ours only: it stays open where it was taken.
          held?.destroy();
          held = null;
          beFree();
        },
        leave,
        end: () => {
          leave();
          if (held !== null) waiting.unshift(held);
          held = null;
          match();
        },
      };
    },
    close: () => {
      server.close();
      for (const socket of waiting.splice(0)) socket.destroy();
    },
  };
}
