import { Queue, type QueueOptions } from "bullmq";
import type { Redis } from "ioredis";

/**
 * The queues between gateways and workers: where they meet, since neither imports the other.
 * Jobs carry ids, never message text.
 */
export const queueNames = {
  drain: "drain",
  imports: "imports",
  webhooks: "webhooks",
  dryRuns: "dry-runs",
  index: "index",
  erasures: "erasures",
} as const;

/** One hash tag, so that all keys of all queues share a Redis Cluster slot. */
export const queuePrefix = "{eddy}:queue";

/** Under load, everything appended within one slot is drained by one job. */
const SLOT_MS = 250;
/** What comes after a pause is drained this soon. */
const FIRST_MS = 50;
/** A pause: longer than a slot, so that a slot that is just over does not look like one. */
const PAUSE_MS = 2 * SLOT_MS;

/** Tells workers that there is something to store. */
export interface DrainHint {
  /** Call after each append: cheap, a few jobs a second at most over all gateways. */
  nudge(): void;
  close(): Promise<void>;
}

/**
 * A job per time slot, not per message: what a drain costs is mostly its own. Its id is the slot, so
 * gateways do not multiply it, and it runs when the slot is over and every append of it is marked
 * dirty. A job that is lost costs a second at most: workers sweep the dirty index anyway (G12).
 */
export function createDrainHint(connection: Redis, onError: (error: Error) => void): DrainHint {
  const queue = openQueue(queueNames.drain, connection);
  queue.on("error", onError);
  let coveredUntil = 0;
  return {
    nudge: () => {
      const now = Date.now();
      // The job that is coming reads the index after this append was marked there.
      if (now < coveredUntil) return;
      const slotMs = now - coveredUntil > PAUSE_MS ? FIRST_MS : SLOT_MS;
      const slot = Math.floor(now / slotMs) + 1;
      coveredUntil = slot * slotMs;
      queue
        .add(
          "drain",
          {},
          {
            jobId: `until-${coveredUntil}`,
            delay: coveredUntil - now,
            removeOnComplete: true,
            removeOnFail: true,
          },
        )
        .catch(onError);
    },
    close: () => queue.close(),
  };
}

/** A queue of ours on a connection of the caller's. */
export function openQueue(name: string, connection: Redis): Queue {
  const options: QueueOptions = { connection, prefix: queuePrefix };
  return new Queue(name, options);
}
