import { Gauge, type Registry } from "prom-client";

import type { RedisLink } from "../db/redis/connection.ts";
import { readBacklog } from "../db/redis/dirty.ts";

/** Adds what waits to be stored to a registry; it is asked for when the metrics are. */
export function collectBacklog(registry: Registry, link: RedisLink): void {
  const registers = [registry];
  const rooms = new Gauge({
    name: "eddy_dirty_rooms",
    help: "Rooms with facts that are accepted and not stored.",
    registers,
  });
  const facts = new Gauge({
    name: "eddy_unstored_facts",
    help: "Facts that are accepted and not stored.",
    registers,
  });
  const lag = new Gauge({
    name: "eddy_drain_lag_seconds",
    help: "How long the oldest fact that is not stored has waited.",
    registers,
    collect: async () => {
      try {
        const backlog = await readBacklog(link, Date.now());
        rooms.set(backlog.rooms);
        facts.set(backlog.facts);
        lag.set(backlog.oldestMs / 1_000);
      } catch {
        // Redis is away; /readyz says so, and the last known values are no lie worth telling.
        lag.set(Number.NaN);
      }
    },
  });
}
