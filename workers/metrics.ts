import { collectDefaultMetrics, Counter, Histogram, Registry } from "prom-client";

/** What a worker counts, for Prometheus. */
export type WorkerMetrics = ReturnType<typeof createWorkerMetrics>;

/** Makes a worker's metrics in a registry of their own. */
export function createWorkerMetrics() {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  return {
    registry,
    stored: new Counter({ name: "eddy_stored_total", help: "Facts committed.", registers }),
    drains: new Histogram({
      name: "eddy_drain_seconds",
      help: "How long one drain of all dirty rooms took.",
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    }),
    jobFailures: new Counter({
      name: "eddy_job_failures_total",
      help: "Jobs that threw; they are tried again.",
      labelNames: ["job"],
      registers,
    }),
    quarantined: new Counter({
      name: "eddy_quarantined_total",
      help: "Entries that Postgres refused and that were put aside.",
      registers,
    }),
    heldUp: new Counter({
      name: "eddy_held_up_total",
      help: "Times a room could not be stored because the schema is not what Eddy expects.",
      registers,
    }),
    holes: new Counter({
      name: "eddy_log_holes_total",
      help: "Times a hot log had a seq missing; must stay 0.",
      registers,
    }),
  };
}
