/** How long to wait before another try; the wait grows by half each time, up to `capMs`. */
export interface BackoffPolicy {
  baseMs: number;
  capMs: number;
}

/**
 * For connecting. Grows slowly, so that a gateway that is back after 2 s is found within 5, and far,
 * so that a server that was away for minutes gets its 10,000 clients back over half a minute.
 */
export const reconnectPolicy: BackoffPolicy = { baseMs: 500, capMs: 30_000 };

/** For one command that was refused or not answered. */
export const retryPolicy: BackoffPolicy = { baseMs: 250, capMs: 10_000 };

/**
 * Milliseconds to wait before the next try, after `failures` failed ones (1 or more).
 *
 * Full jitter: uniform between nothing and the grown wait, because clients that fail together
 * would otherwise come back together. A hint of the server is never undercut: the jitter is added
 * on top of it, or everyone who was told "in 2 s" would be back in the same millisecond.
 */
export function backoffMs(
  policy: BackoffPolicy,
  { failures, hintMs, random }: { failures: number; hintMs?: number; random: () => number },
): number {
  if (hintMs !== undefined) return Math.ceil(hintMs + random() * policy.baseMs);
  // The power overflows in the end, and Infinity * 0 is NaN: the exponent has a ceiling of its own.
  const grown = policy.baseMs * GROWTH ** Math.min(Math.max(failures - 1, 0), 50);
  return Math.ceil(random() * Math.min(policy.capMs, grown));
}

const GROWTH = 1.5;
