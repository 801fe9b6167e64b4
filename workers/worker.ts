import { Worker } from "bullmq";
import type { Logger } from "pino";

import { withDeadline } from "../db/deadline.ts";
import { openStore } from "../db/postgres/connection.ts";
import { connectRedis, connectSubscriber } from "../db/redis/connection.ts";
import { queueNames, queuePrefix } from "../db/redis/queues.ts";
import type { Settings } from "../db/settings.ts";
import { openDigester } from "./digest/digester.ts";
import { drain } from "./drain.ts";
import { openDryRunJobs } from "./dry-runs/dry-run-jobs.ts";
import { openErasureJobs } from "./erasures/erasure-jobs.ts";
import { HeldUp } from "./held-up.ts";
import { openImportJobs } from "./imports/import-jobs.ts";
import { openIndexJobs } from "./index-jobs.ts";
import { createWorkerMetrics, type WorkerMetrics } from "./metrics.ts";
import type { StoreDeps } from "./store.ts";
import { sweep } from "./sweep.ts";
import { openWebhookJobs } from "./webhooks/webhook-jobs.ts";

/** A worker that works. */
export interface RunningWorker {
  metrics: WorkerMetrics;
  /** Whether the stores answered when they were last used. */
  isHealthy: () => boolean;
  /** Finishes what it has begun, under a deadline, and closes everything (G16). */
  stop: () => Promise<void>;
}

/** Between two sweeps (ms); also what a lost hint costs at most. */
const SWEEP_EVERY_MS = 1_000;
const POSTGRES_CONNECTIONS = 4;
/** BullMQ's own close() waits for ever. */
const CLOSE_DEADLINE_MS = 5_000;

/** Starts a worker: BullMQ's hints make it fast, its own sweep makes it sure. */
export async function startWorker(settings: Settings, log: Logger): Promise<RunningWorker> {
  const onError = (error: Error) => log.warn({ err: error }, "a connection has trouble");
  const redisOptions = (name: string) => ({
    url: settings.redisUrl,
    name: `eddy-${name}`,
    onError,
  });
  const link = await connectRedis(redisOptions("worker"));
  const queueConnection = await connectSubscriber(redisOptions("worker-queues"));
  const store = openStore({
    url: settings.databaseUrl,
    name: "eddy-worker",
    connections: POSTGRES_CONNECTIONS,
  });
  const metrics = createWorkerMetrics();
  let stopping = false;
  let healthy = true;
  const shouldStop = () => stopping;
  const digester = openDigester({ store, metrics, log, now: Date.now });
  const deps: StoreDeps = {
    stores: { link, store },
    metrics,
    log,
    keep: settings.hotLogKeep,
    now: Date.now,
    heldUp: new HeldUp(),
    onStored: digester.note,
  };

  const index = openIndexJobs({
    store,
    connection: queueConnection,
    metrics,
    onError,
    shouldStop,
  });
  const drainNow = async () => {
    await drain(deps, { shouldStop });
    index.nudge();
  };
  const worker = new Worker(queueNames.drain, drainNow, {
    connection: queueConnection,
    prefix: queuePrefix,
    concurrency: 1,
  });
  worker.on("error", onError);
  worker.on("failed", (job, error) => {
    metrics.jobFailures.inc({ job: job?.name ?? "unknown" });
    log.warn({ err: error }, "a drain failed; the sweep goes on");
  });

  const imports = openImportJobs({
    store,
    connection: queueConnection,
    log,
    onError,
    shouldStop,
  });

  const dryRuns = openDryRunJobs({
    store,
    connection: queueConnection,
    log,
    onError,
    shouldStop,
  });

  const erasures = openErasureJobs({
    stores: deps.stores,
    connection: queueConnection,
    log,
    onError,
    shouldStop,
  });

  const webhooks = openWebhookJobs({
    store,
    connection: queueConnection,
    log,
    onError,
    retriesMs: settings.webhookRetriesMs,
    privateAddresses: settings.webhookPrivateAddresses,
  });

  let timer: NodeJS.Timeout | null = null;
  let sweeping: Promise<void> = Promise.resolve();
  const scheduleSweep = () => {
    // Jittered, so that workers do not sweep in step.
    timer = setTimeout(
      () => {
        sweeping = runSweep();
      },
      SWEEP_EVERY_MS * (0.75 + Math.random() * 0.5),
    );
  };
  const runSweep = async () => {
    try {
      await sweep(deps, shouldStop);
      index.nudge();
      await imports.queueDue();
      await webhooks.queueDue();
      await dryRuns.queueDue();
      await erasures.queueDue();
      healthy = true;
    } catch (error) {
      healthy = false;
      metrics.jobFailures.inc({ job: "sweep" });
      log.warn({ err: error }, "a sweep failed; the next one tries again");
    } finally {
      if (!stopping) scheduleSweep();
    }
  };
  scheduleSweep();
  log.info("worker works");

  return {
    metrics,
    isHealthy: () => healthy,
    stop: async () => {
      stopping = true;
      if (timer !== null) clearTimeout(timer);
      await withDeadline(
        Promise.allSettled([
          worker.close(),
          index.close(),
          imports.close(),
          webhooks.close(),
          dryRuns.close(),
          erasures.close(),
          sweeping,
          digester.stop(),
        ]),
        CLOSE_DEADLINE_MS,
      );
      queueConnection.disconnect();
      link.close();
      await store.close();
      log.info("worker stopped");
    },
  };
}
