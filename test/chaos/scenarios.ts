import type { Load } from "./cast.ts";
import type { Appointment } from "./schedule.ts";

/** A run with a purpose of its own. */
export interface Scenario {
  /** What it shows, a sentence. */
  purpose: string;
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
  "redis-always": {
    purpose:
      "24,000 messages with `appendfsync always`, Redis killed (-9) five times meanwhile: no new epoch, nothing lost.",
    load: { writers: 12, readers: 1, everyMs: 30 },
    appendfsync: "always",
    schedule: [10, 20, 30, 40, 50].map((seconds) => at(seconds * 1_000, "Redis killed", 300)),
    lastsMs: 60_000,
    accepted: 24_000,
  },
  flushall: {
    purpose:
      "a hot room loses all of Redis, twice: new epochs, the loss announced, said again by all who stayed, bans intact.",
    load: { writers: 12, readers: 4, everyMs: 60 },
    appendfsync: "everysec",
    schedule: [at(5_000, "FLUSHALL"), at(11_000, "FLUSHALL")],
    lastsMs: 16_000,
  },
} satisfies Record<string, Scenario> as Record<string, Scenario>;
