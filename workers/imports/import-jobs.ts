import { type Queue, Worker } from "bullmq";
import type { Redis } from "ioredis";
import type { Logger } from "pino";

import type { Store } from "../../db/postgres/connection.ts";
import { importsToDo } from "../../db/postgres/imports.ts";
import { openQueue, queueNames, queuePrefix } from "../../db/redis/queues.ts";
import { ImportId } from "../../protocol/ids.ts";
import { runImport } from "./run-import.ts";

/** An import that nobody touched for this long (ms) was given up by a worker that died. */
const UNTOUCHED_MS = 15_000;

/** A worker that dies holds its import for this long (ms). */
const LOCK_MS = 5_000;

/** What import jobs need. */
export interface ImportJobOptions {
  store: Store;
  connection: Redis;
  log: Logger;
  onError: (error: Error) => void;
  shouldStop: () => boolean;
}

/** Imports of this worker: one at a time, so that what is live keeps its share. */
export interface ImportJobs {
  /** Makes a job of every import that is to be carried out and has none: what Redis forgets is found again. */
  queueDue: () => Promise<void>;
  close: () => Promise<void>;
}

/** Carries imports out as BullMQ jobs, which show how far they have come. */
export function openImportJobs(options: ImportJobOptions): ImportJobs {
  const { store, connection, log, onError, shouldStop } = options;
  const queue: Queue = openQueue(queueNames.imports, connection);
  queue.on("error", onError);
  const worker = new Worker(
    queueNames.imports,
    async (job) => {
      const id = ImportId.parse(job.id);
      const onProgress = (progress: number) => {
        job.updateProgress(Math.round(progress * 100)).catch(onError);
      };
      await runImport({ store, onProgress, shouldStop }, id);
    },
    {
      connection,
      prefix: queuePrefix,
      concurrency: 1,
      lockDuration: LOCK_MS,
      stalledInterval: LOCK_MS / 2,
      // However often workers die: it goes on from where it was.
      maxStalledCount: 1_000,
    },
  );
  worker.on("error", onError);
  worker.on("failed", (job, error) => {
    log.warn({ err: error, import: job?.id }, "an import broke off; it goes on in a moment");
  });
  return {
    queueDue: async () => {
      for (const id of await importsToDo(store, UNTOUCHED_MS)) {
        // The import's own id: as long as its job is there, this adds none.
        await queue.add("import", {}, { jobId: id, removeOnComplete: true, removeOnFail: true });
      }
    },
    close: async () => {
      await worker.close();
      await queue.close();
    },
  };
}
