import type { Clock } from "../../client/clock.ts";

export interface VirtualClock extends Clock {
  /** Carries out the next timer, if any falls due before `untilMs`; answers whether one did. */
  tick(untilMs: number): boolean;
}

/** Time that passes only when told to. */
export function virtualClock(): VirtualClock {
  let now = 1_700_000_000_000;
  let made = 0;
  const timers = new Map<number, { at: number; act: () => void }>();

  const next = () => {
    let first: { id: number; at: number } | null = null;
    for (const [id, { at }] of timers) if (first === null || at < first.at) first = { id, at };
    return first;
  };
  return {
    now: () => now,
    after(delayMs, act) {
      const id = made++;
      timers.set(id, { at: now + Math.max(0, delayMs), act });
      return () => void timers.delete(id);
    },
    tick(untilMs) {
      const first = next();
      if (first === null || first.at > untilMs) {
        now = Math.max(now, untilMs);
        return false;
      }
      const timer = timers.get(first.id);
      timers.delete(first.id);
      now = Math.max(now, first.at);
      timer?.act();
      return true;
    },
  };
}
