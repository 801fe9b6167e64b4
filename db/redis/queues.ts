import { Queue, type QueueOptions } from "bullmq";
import type { Redis } from "ioredis";

/**
 * The queues between gateways and workers: where they meet, since neither imports the other.
 * Jobs carry ids, never message text.
 */
export const queueNames = { drain: "drain" } as const;

/** One hash tag, so that all keys of all queues share a Redis Cluster slot. */
export const queuePrefix = "{eddy}:queue";

/** Everything appended within one slot is drained by one job. */
const DRAIN_SLOT_MS = 100;

/** Tells workers that there is something to store. */
export interface DrainHint {
  /** Call after each append: cheap, at most one job per slot over all gateways. */
  nudge(): void;
  close(): Promise<void>;
}

/**
 * A hint per time slot, not per message: the job's id is the slot, so gateways do not multiply it,
 * and it runs a slot later, when every append of its slot is marked dirty. A hint that is lost
 * costs a second at most: workers sweep the dirty index anyway (G12).
 */
export function createDrainHint(connection: Redis, onError: (error: Error) => void): DrainHint {
  const queue = openQueue(queueNames.drain, connection);
  queue.on("error", onError);
  let lastSlot = 0;
  return {
    nudge: () => {
      const slot = Math.floor(Date.now() / DRAIN_SLOT_MS);
      if (slot === lastSlot) return;
      lastSlot = slot;
      queue
        .add(
          "drain",
          {},
          {
            jobId: `slot-${slot}`,
            delay: DRAIN_SLOT_MS,
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
