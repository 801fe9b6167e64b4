import { Worker } from "bullmq";
import type { Redis } from "ioredis";
import type { Logger } from "pino";

import type { Store } from "../../db/postgres/connection.ts";
import { dueDeliveries, forgetDeliveries, takeEvents } from "../../db/postgres/webhooks.ts";
import { openQueue, queueNames, queuePrefix } from "../../db/redis/queues.ts";
import { DeliveryId } from "../../protocol/ids.ts";
import { deliver, type DeliveryOptions } from "./deliver.ts";

/** Deliveries under way at once; a slow receiver holds one of them. */
const AT_ONCE = 20;
/** A worker that dies holds its deliveries for this long (ms). */
const LOCK_MS = 5_000;
const MOST_QUEUED = 500;
const LOG_DAYS = 30;

/** What webhook jobs need. */
export interface WebhookJobOptions extends DeliveryOptions {
  store: Store;
  connection: Redis;
  log: Logger;
  onError: (error: Error) => void;
}

/** Webhooks of this worker. */
export interface WebhookJobs {
  /** Looks what was stored, and makes jobs of all deliveries whose time has come. */
  queueDue: () => Promise<void>;
  close: () => Promise<void>;
}

/**
 * Brings deliveries to webhooks as BullMQ jobs, one for each attempt. When to try again stands in Postgres:
 * what Redis forgets is found again.
 */
export function openWebhookJobs(options: WebhookJobOptions): WebhookJobs {
  const { store, connection, log, onError } = options;
  const queue = openQueue(queueNames.webhooks, connection);
  queue.on("error", onError);
  const worker = new Worker<{ delivery: string }>(
    queueNames.webhooks,
    async ({ data }) => deliver(store, DeliveryId.parse(data.delivery), options),
    {
      connection,
      prefix: queuePrefix,
      concurrency: AT_ONCE,
      lockDuration: LOCK_MS,
      stalledInterval: LOCK_MS / 2,
    },
  );
  worker.on("error", onError);
  worker.on("failed", (job, error) => {
    log.warn(
      { err: error, delivery: job?.data.delivery },
      "a delivery broke off; it is tried again",
    );
  });
  return {
    queueDue: async () => {
      while (await takeEvents(store));
      const due = await dueDeliveries(store, MOST_QUEUED);
      const jobs = due.map(({ id, attempts }) => ({
        name: "deliver",
        data: { delivery: id },
        // As long as this attempt is there, no other is made of it.
        opts: { jobId: `${id}-${attempts}`, removeOnComplete: true, removeOnFail: true },
      }));
      if (jobs.length > 0) await queue.addBulk(jobs);
      await forgetDeliveries(store, LOG_DAYS);
    },
    close: async () => {
      await worker.close();
      await queue.close();
    },
  };
}
