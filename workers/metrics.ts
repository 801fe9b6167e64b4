import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

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
    indexed: new Counter({
      name: "eddy_indexed_total",
      help: "Facts that the search index has taken in.",
      registers,
    }),
    indexLag: new Gauge({
      name: "eddy_index_lag_seconds",
      help: "How far the search index is behind what is stored.",
      registers,
    }),
    heldUp: new Counter({
      name: "eddy_held_up_total",
      help: "Times a room could not be stored because the schema is not what Eddy expects.",
      registers,
    }),
    placed: new Counter({
      name: "eddy_placed_total",
      help: "Stored facts that are placed among conversations and digested.",
      registers,
    }),
    digestLag: new Gauge({
      name: "eddy_digest_lag_seconds",
      help: "For how long the room that waits longest has had stored facts that are not digested.",
      registers,
    }),
    holes: new Counter({
      name: "eddy_log_holes_total",
      help: "Times a hot log had a seq missing; must stay 0.",
      registers,
    }),
  };
}
