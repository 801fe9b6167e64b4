import type { WebSocket } from "ws";

import type { Connection } from "./connection.ts";

/** Someone is told this long before their session ends (ms). */
const WARN_BEFORE_MS = 60_000;
/** A socket that leaves more than this unread is cut: it costs others' memory. */
const MOST_UNREAD_BYTES = 1_000_000;

/**
 * Looks after all connections at once, so that none needs a timer of its own: warns of sessions that
 * end, closes those that have ended (G18), and cuts sockets that do not read (G11).
 */
export function sweepConnections(
  connections: Iterable<Connection>,
  now: number,
  onSlow: () => void,
): void {
  for (const connection of connections) {
    const { expiresAtMs } = connection.session;
    if (now >= expiresAtMs) {
      connection.socket.disconnect(true);
    } else if (!connection.warned && now >= expiresAtMs - WARN_BEFORE_MS) {
      connection.warned = true;
      connection.push("session.expiring", { at: new Date(expiresAtMs).toISOString() });
    }
    const raw = rawSocket(connection);
    if (raw !== null && raw.bufferedAmount > MOST_UNREAD_BYTES) {
      onSlow();
      // Closing politely would wait behind what it does not read, and keep those buffers.
      raw.terminate();
    }
  }
}

/** The WebSocket below a connection; null while it polls. */
function rawSocket({ socket }: Connection): WebSocket | null {
  const { transport } = socket.conn as unknown as {
    transport: { name: string; socket?: WebSocket };
  };
  return transport.name === "websocket" ? (transport.socket ?? null) : null;
}
