import type { Logger } from "pino";

/** Between two lines about the same kind of trouble (ms). */
const EVERY_MS = 1_000;

/**
 * Warns of a kind of trouble at most once a second; the next line says how many went unsaid. A store that
 * is away troubles every room at once, and a log that drowns in that hides what went wrong first.
 */
export function warnSparingly(
  log: Pick<Logger, "warn">,
  message: string,
  now: () => number = Date.now,
): (error: unknown) => void {
  let saidAt = -Infinity;
  let unsaid = 0;
  return (error) => {
    if (now() - saidAt < EVERY_MS) {
      unsaid += 1;
      return;
    }
    log.warn({ err: error, ...(unsaid > 0 && { unsaid }) }, message);
    saidAt = now();
    unsaid = 0;
  };
}
