import { io } from "socket.io-client";

/** One way to reach the server. Simulations bring their own. */
export interface Transport {
  /** Opens one connection. Its events come after `open` has returned. */
  open(token: string | null, events: TransportEvents): TransportLink;
}

export interface TransportEvents {
  connected(): void;
  /** No connection came about; `data` is what the server said about it, if anything. */
  refused(error: { message: string; data?: unknown }): void;
  /** The connection is gone, for whatever reason but our own `close`. */
  disconnected(reason: string): void;
  pushed(name: string, data: unknown): void;
}

export interface TransportLink {
  /** Sends a command. `answer` is called with the reply, at most once, or never. */
  request(name: string, input: unknown, answer: (reply: unknown) => void): void;
  /** Ends the connection; no event comes after. */
  close(): void;
}

/** Socket.IO, WebSocket first. Reconnecting is not its business but the client's. */
export function socketTransport(url: string): Transport {
  return {
    open(token, events) {
      const socket = io(url, {
        auth: token === null ? {} : { token },
        // A manager of its own: a shared one would bring back what we closed.
        forceNew: true,
        reconnection: false,
        transports: ["websocket", "polling"],
        tryAllTransports: true,
        timeout: 10_000,
      });
      socket.on("connect", () => events.connected());
      socket.on("connect_error", (error: Error & { data?: unknown }) =>
        events.refused({ message: error.message, data: error.data }),
      );
      socket.on("disconnect", (reason) => events.disconnected(reason));
      socket.onAny((name: string, data: unknown) => events.pushed(name, data));
      return {
        request: (name, input, answer) => void socket.emit(name, input, answer),
        close() {
          socket.off();
          socket.offAny();
          socket.disconnect();
        },
      };
    },
  };
}
