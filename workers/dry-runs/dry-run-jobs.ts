import { type Queue, Worker } from "bullmq";
import type { Redis } from "ioredis";
import type { Logger } from "pino";

import type { Store } from "../../db/postgres/connection.ts";
import { dryRunsToDo } from "../../db/postgres/dry-runs.ts";
import { openQueue, queueNames, queuePrefix } from "../../db/redis/queues.ts";
import { DryRunId } from "../../protocol/ids.ts";
import { tryRule } from "./try-rule.ts";

/** A worker that dies holds its run for this long (ms); then another begins it anew. */
const LOCK_MS = 5_000;

/** What dry runs need. */
export interface DryRunJobOptions {
  store: Store;
  connection: Redis;
  log: Logger;
  onError: (error: Error) => void;
  shouldStop: () => boolean;
}

/** Dry runs of this worker: one at a time, so that what is live keeps its share. */
export interface DryRunJobs {
  /** Makes a job of every run that is to be carried out and has none: what Redis forgets is found again. */
  queueDue: () => Promise<void>;
  close: () => Promise<void>;
}

/** Tries draft rules as BullMQ jobs, which show how far they have come. */
export function openDryRunJobs(options: DryRunJobOptions): DryRunJobs {
  const { store, connection, log, onError, shouldStop } = options;
  const queue: Queue = openQueue(queueNames.dryRuns, connection);
  queue.on("error", onError);
  const worker = new Worker(
    queueNames.dryRuns,
    async (job) => {
      const onProgress = (progress: number) => {
        job.updateProgress(Math.round(progress * 100)).catch(onError);
      };
      await tryRule({ store, onProgress, shouldStop }, DryRunId.parse(job.id));
    },
    {
      connection,
      prefix: queuePrefix,
      concurrency: 1,
      lockDuration: LOCK_MS,
      stalledInterval: LOCK_MS / 2,
      maxStalledCount: 1_000,
    },
  );
  worker.on("error", onError);
  worker.on("failed", (job, error) => {
    log.warn({ err: error, dryRun: job?.id }, "a dry run broke off; it begins anew in a moment");
  });
  return {
    queueDue: async () => {
      for (const id of await dryRunsToDo(store)) {
        // The run's own id: as long as its job is there, this adds none.
        await queue.add("try", {}, { jobId: id, removeOnComplete: true, removeOnFail: true });
      }
    },
    close: async () => {
      await worker.close();
      await queue.close();
    },
  };
}
