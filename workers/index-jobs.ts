import { Worker } from "bullmq";
import type { Redis } from "ioredis";

import type { Store } from "../db/postgres/connection.ts";
import { forgetWords, indexLagMs, indexRoom, roomsToIndex } from "../db/postgres/search-index.ts";
import { openQueue, queueNames, queuePrefix } from "../db/redis/queues.ts";
import type { WorkerMetrics } from "./metrics.ts";

/** What is stored within one slot (ms) is indexed by one job. */
const SLOT_MS = 250;
const ROOMS_AT_ONCE = 100;

/** What index jobs need. */
export interface IndexJobOptions {
  store: Store;
  connection: Redis;
  metrics: WorkerMetrics;
  onError: (error: Error) => void;
  shouldStop: () => boolean;
}

/** Indexing of stored messages, so that they can be searched. */
export interface IndexJobs {
  /** Call after storing: a job will index it in a moment. A job that is lost is made up for by the sweep. */
  nudge: () => void;
  close: () => Promise<void>;
}

/** Carries indexing out as BullMQ jobs; what is due stands in Postgres. */
export function openIndexJobs(options: IndexJobOptions): IndexJobs {
  const { store, connection, metrics, onError, shouldStop } = options;
  const queue = openQueue(queueNames.index, connection);
  queue.on("error", onError);
  const worker = new Worker(queueNames.index, () => indexDue({ store, metrics, shouldStop }), {
    connection,
    prefix: queuePrefix,
    concurrency: 1,
  });
  worker.on("error", onError);
  worker.on("failed", (_job, error) => {
    metrics.jobFailures.inc({ job: "index" });
    onError(error);
  });
  return {
    nudge: () => {
      const now = Date.now();
      const until = (Math.floor(now / SLOT_MS) + 1) * SLOT_MS;
      const how = { jobId: `until-${until}`, delay: until - now };
      queue.add("index", {}, { ...how, removeOnComplete: true, removeOnFail: true }).catch(onError);
    },
    close: async () => {
      await worker.close();
      await queue.close();
    },
  };
}

async function indexDue({
  store,
  metrics,
  shouldStop,
}: Pick<IndexJobOptions, "store" | "metrics" | "shouldStop">): Promise<void> {
  metrics.indexLag.set((await indexLagMs(store)) / 1_000);
  for (const room of await roomsToIndex(store, ROOMS_AT_ONCE)) {
    let more = true;
    while (more && !shouldStop()) {
      const done = await indexRoom(store, room);
      metrics.indexed.inc(done.facts);
      ({ more } = done);
    }
  }
  if (!shouldStop()) await forgetWords(store);
  metrics.indexLag.set((await indexLagMs(store)) / 1_000);
}
