import { type Queue, Worker } from "bullmq";
import type { Redis } from "ioredis";
import type { Logger } from "pino";

import { erasuresToDo } from "../../db/postgres/erasures.ts";
import { openQueue, queueNames, queuePrefix } from "../../db/redis/queues.ts";
import type { Stores } from "../../db/stores.ts";
import { ErasureId } from "../../protocol/ids.ts";
import { erasePerson } from "./erase-person.ts";

/** A worker that dies holds its run for this long (ms); then another goes on with it. */
const LOCK_MS = 5_000;

/** What erasings need. */
export interface ErasureJobOptions {
  stores: Stores;
  connection: Redis;
  log: Logger;
  onError: (error: Error) => void;
  shouldStop: () => boolean;
}

/** Erasings of this worker: one at a time, so that what is live keeps its share. */
export interface ErasureJobs {
  /** Makes a job of every erasing that is to be carried out and has none: what Redis forgets is found again. */
  queueDue: () => Promise<void>;
  close: () => Promise<void>;
}

/** Erases people as BullMQ jobs, which show how far they have come. */
export function openErasureJobs(options: ErasureJobOptions): ErasureJobs {
  const { stores, connection, log, onError, shouldStop } = options;
  const queue: Queue = openQueue(queueNames.erasures, connection);
  queue.on("error", onError);
  const worker = new Worker(
    queueNames.erasures,
    async (job) => {
      const onProgress = (progress: number) => {
        job.updateProgress(Math.round(progress * 100)).catch(onError);
      };
      await erasePerson({ stores, now: Date.now, onProgress, shouldStop }, ErasureId.parse(job.id));
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
    log.warn({ err: error, erasure: job?.id }, "an erasing broke off; it goes on in a moment");
  });
  return {
    queueDue: async () => {
      for (const id of await erasuresToDo(stores.store)) {
        // The erasing's own id: as long as its job is there, this adds none.
        await queue.add("erase", {}, { jobId: id, removeOnComplete: true, removeOnFail: true });
      }
    },
    close: async () => {
      await worker.close();
      await queue.close();
    },
  };
}
