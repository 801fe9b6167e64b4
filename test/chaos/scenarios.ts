import type { Load } from "./cast.ts";
import type { Appointment } from "./schedule.ts";

/** A run with a purpose of its own. */
export interface Scenario {
  load: Load;
  schedule: readonly Appointment[];
  appendfsync: "always" | "everysec";
  lastsMs: number;
  /** It goes on until so many messages were accepted. */
  accepted?: number;
}

const at = (atMs: number, name: string, durationMs = 0): Appointment => ({
  atMs,
  name,
  which: 0,
  durationMs,
});

/** Scenarios by their names on the command line. */
export const scenarios = {
  /** 24,000 messages with `appendfsync always`, Redis killed five times: nothing may be lost at all. */
  "redis-always": {
    load: { writers: 12, readers: 1, everyMs: 30 },
    appendfsync: "always",
    schedule: [10, 20, 30, 40, 50].map((seconds) => at(seconds * 1_000, "Redis killed", 300)),
    lastsMs: 60_000,
    accepted: 24_000,
  },
  /** A hot room loses its log: a new epoch, the loss announced, and everything said again. */
  flushall: {
    load: { writers: 12, readers: 4, everyMs: 60 },
    appendfsync: "everysec",
    schedule: [at(5_000, "FLUSHALL"), at(11_000, "FLUSHALL")],
    lastsMs: 16_000,
  },
} satisfies Record<string, Scenario> as Record<string, Scenario>;
