import { Router } from "express";

import { late, withDeadline } from "../../../db/deadline.ts";
import type { Stores } from "../../../db/stores.ts";
import type { Metrics } from "../../metrics.ts";

/** Longest wait for a store before it counts as away. */
const DEADLINE_MS = 1_500;

export interface HealthOptions {
  stores: Stores;
  metrics: Metrics;
  isDraining: () => boolean;
}

/** `/healthz` (the process is alive), `/readyz` (it can serve, or why not) and `/metrics`. */
export function healthRouter({ stores, metrics, isDraining }: HealthOptions): Router {
  const router = Router();
  router.get("/healthz", (_request, response) => {
    response.json({ alive: true });
  });
  router.get("/readyz", async (_request, response) => {
    const reasons = await whyNotReady(stores, isDraining());
    response
      .status(reasons.length === 0 ? 200 : 503)
      .json({ ready: reasons.length === 0, reasons });
  });
  router.get("/metrics", async (_request, response) => {
    response.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });
  return router;
}

async function whyNotReady(stores: Stores, draining: boolean): Promise<string[]> {
  const [redis, postgres] = await Promise.all([
    answers(() => stores.link.redis.ping()),
    answers(() => stores.store.sql`SELECT 1`),
  ]);
  return [
    ...(draining ? ["stopping"] : []),
    ...(redis && stores.link.isReady() ? [] : ["redis does not answer"]),
    ...(postgres ? [] : ["postgres does not answer"]),
  ];
}

async function answers(ask: () => PromiseLike<unknown>): Promise<boolean> {
  try {
    return (await withDeadline(Promise.resolve(ask()), DEADLINE_MS)) !== late;
  } catch {
    return false;
  }
}
