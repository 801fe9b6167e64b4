import { type Fault, faults } from "./faults.ts";
import { chanceOf } from "./random.ts";

/** A fault that will come. */
export interface Appointment {
  atMs: number;
  name: string;
  which: 0 | 1;
  durationMs: number;
}

/** What of a run nothing goes wrong in: at its beginning, to get going. */
const CALM_MS = 2_000;
/** After a fault began, what the next one of the same target waits for beyond its duration. */
const RECOVERY_MS = 4_000;

/** The faults of a run: the same seed gives the same. `only` restricts them to some names. */
export function scheduleOf(
  seed: number,
  seconds: number,
  only: readonly string[] = Object.keys(faults),
): Appointment[] {
  const chance = chanceOf(seed);
  const schedule: Appointment[] = [];
  const freeAt = new Map<Fault["target"], number>();
  const endMs = seconds * 1_000;
  for (let atMs = CALM_MS; ; atMs += chance.between(300, 4_000)) {
    const name = chance.pick(only);
    const { target, mostMs } = faultOf(name);
    const which = chance.next() < 0.5 ? 0 : 1;
    const durationMs = Math.round(chance.between(mostMs * 0.1, mostMs));
    if (atMs + durationMs > endMs) return schedule;
    if ((freeAt.get(target) ?? 0) > atMs) continue;
    schedule.push({ atMs: Math.round(atMs), name, which, durationMs });
    freeAt.set(target, atMs + durationMs + RECOVERY_MS);
  }
}

/** Each fault once, one after the other, with time to recover: for the table. */
export function everyFault(
  durationMs: number,
  everyMs: number,
  only: readonly string[] = Object.keys(faults),
): Appointment[] {
  return only.map((name, i) => ({
    atMs: CALM_MS + i * everyMs,
    name,
    which: 0,
    durationMs: Math.min(durationMs, faultOf(name).mostMs),
  }));
}

/** A fault by its name. Errors: when there is none. */
export function faultOf(name: string): Fault {
  const fault = faults[name];
  if (fault === undefined) {
    throw new Error(
      `There is no fault "${name}". There are:\n  ${Object.keys(faults).join("\n  ")}`,
    );
  }
  return fault;
}
