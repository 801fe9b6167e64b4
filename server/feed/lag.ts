/** How much may wait for one socket, and for how long. */
export interface UnreadCaps {
  /** Over this, nothing new is sent until most of it is read. */
  softBytes: number;
  /** Over this, the socket is cut. */
  hardBytes: number;
  /** A socket over the soft cap that does not get on for this long is cut. */
  patienceMs: number;
}

/** A socket that went over its soft cap and has not read that yet. */
export interface Lag {
  /** When it went over, or last got on (ms). */
  sinceMs: number;
  /** The most that waited since then. */
  mostBytes: number;
}

/** What is to be done about a socket now. */
export type Verdict = "hold" | "resume" | "cut" | null;

/** Of the soft cap, what may still wait when a socket is sent new things again. */
const LOW_WATER = 1 / 4;

/**
 * Judges how one socket reads: over its soft cap it is held, drained it resumes, over its hard cap or
 * without getting on it is cut (G11). It gets on by reading as much as the soft cap within the patience:
 * so a slow link may take a large reply in its own time, and a trickle keeps nothing for ever.
 */
export function judge(
  lag: Lag | null,
  unreadBytes: number,
  nowMs: number,
  caps: UnreadCaps,
): { lag: Lag | null; verdict: Verdict } {
  const { softBytes, hardBytes, patienceMs } = caps;
  if (unreadBytes > hardBytes) return { lag, verdict: "cut" };
  if (lag === null) {
    if (unreadBytes <= softBytes) return { lag, verdict: null };
    return { lag: { sinceMs: nowMs, mostBytes: unreadBytes }, verdict: "hold" };
  }
  if (unreadBytes <= softBytes * LOW_WATER) return { lag: null, verdict: "resume" };
  if (unreadBytes <= lag.mostBytes - softBytes) {
    return { lag: { sinceMs: nowMs, mostBytes: unreadBytes }, verdict: null };
  }
  if (nowMs - lag.sinceMs >= patienceMs) return { lag, verdict: "cut" };
  // Replies that were under way when it was held: what it has to read became more, its time did not.
  const mostBytes = Math.max(lag.mostBytes, unreadBytes);
  return { lag: { sinceMs: lag.sinceMs, mostBytes }, verdict: null };
}

/** Which sockets to cut, those with most unread first, until all that waits is below a ceiling. */
export function overCeiling<T extends { unreadBytes: number }>(
  sockets: Iterable<T>,
  ceilingBytes: number,
): T[] {
  const slowest = [...sockets].toSorted((a, b) => b.unreadBytes - a.unreadBytes);
  let sum = slowest.reduce((bytes, { unreadBytes }) => bytes + unreadBytes, 0);
  const chosen: T[] = [];
  for (const socket of slowest) {
    if (sum <= ceilingBytes) break;
    sum -= socket.unreadBytes;
    chosen.push(socket);
  }
  return chosen;
}
