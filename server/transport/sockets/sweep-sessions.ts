import type { Connection } from "./connection.ts";

/** Someone is told this long before their session ends (ms). */
const WARN_BEFORE_MS = 60_000;

/**
 * Looks at all connections at once, so that none needs a timer of its own: warns of sessions that end,
 * and closes those that have ended (G18).
 */
export function sweepSessions(connections: Iterable<Connection>, now: number): void {
  for (const connection of connections) {
    const { expiresAtMs } = connection.session;
    if (now >= expiresAtMs) {
      connection.socket.disconnect(true);
    } else if (!connection.warned && now >= expiresAtMs - WARN_BEFORE_MS) {
      connection.warned = true;
      connection.push("session.expiring", { at: new Date(expiresAtMs).toISOString() });
    }
  }
}
