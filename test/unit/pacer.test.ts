import { expect, test } from "@jest/globals";

import { createPacer } from "../../server/feed/pacer.ts";

/** A room with a clock of its own; answers when each delivery ran (ms). */
function pace(arrivals: number[], receivers: number): number[] {
  let now = 0;
  const delivered: number[] = [];
  const timers: { at: number; run: () => void }[] = [];
  const pacer = createPacer({
    now: () => now,
    soon: (run) => timers.push({ at: now, run }),
    after: (delayMs, run) => timers.push({ at: now + delayMs, run }),
  });
  let waiting = 0;
  const runDue = (upTo: number) => {
    for (;;) {
      timers.sort((a, b) => a.at - b.at);
      const next = timers[0];
      if (next === undefined || next.at > upTo) return;
      timers.shift();
      now = Math.max(now, next.at);
      next.run();
    }
  };
  for (const at of arrivals) {
    runDue(at - 1e-9);
    now = Math.max(now, at);
    // As the feed does: what arrives while a delivery waits joins it.
    waiting += 1;
    if (waiting > 1) continue;
    pacer.schedule(() => {
      const facts = waiting;
      waiting = 0;
      delivered.push(now);
      return facts;
    }, receivers);
  }
  runDue(Infinity);
  return delivered;
}

const every = (ms: number, count: number) => Array.from({ length: count }, (_, i) => i * ms);

test("a quiet room delivers at once, however many people are in it", () => {
  expect(pace([0, 100, 200, 300], 5_000)).toEqual([0, 100, 200, 300]);
});

test("a small room delivers every fact at once, even when they come fast", () => {
  expect(pace(every(2, 50), 10)).toEqual(every(2, 50));
});

test("a full room delivers each fact at once while few come", () => {
  expect(pace(every(20, 50), 500)).toEqual(every(20, 50));
});

test("a hot room delivers many facts together, and none waits longer than 25 ms", () => {
  const arrivals = every(1, 1_000);
  const delivered = pace(arrivals, 1_000);
  expect(delivered.length).toBeLessThan(60);
  for (const at of arrivals) {
    const out = delivered.find((time) => time >= at) ?? Infinity;
    expect(out - at).toBeLessThanOrEqual(25);
  }
});
