import { expect, test } from "@jest/globals";

import { type RunResult, runChaos } from "../chaos/run.ts";
import type { Appointment } from "../chaos/schedule.ts";
import { seed } from "../simulation/seed.ts";

const LOAD = { writers: 6, readers: 3, everyMs: 200 };
const LASTS_MS = 9_000;
/** Starting all the processes, and settling. */
const MOST_MS = 60_000;

const at = (seconds: number, name: string, durationMs = 0): Appointment => ({
  atMs: seconds * 1_000,
  name,
  which: 0,
  durationMs,
});

/** Runs faults against real processes, keeps the history when something is wrong, and answers both. */
async function run(schedule: Appointment[]): Promise<RunResult> {
  const printed: string[] = [];
  const onProgress = (line: string) => void printed.push(line);
  const result = await runChaos({ seed, schedule, lastsMs: LASTS_MS, load: LOAD, onProgress });
  if (Object.keys(result.violations).length > 0 || result.settledMs === null) {
    await result.recorder.keep("test-output/chaos", `jest-${seed}`);
    console.error([...printed, result.output].join("\n"));
  }
  return result;
}

function expectSound({ violations, settledMs, history }: RunResult): void {
  expect(violations).toEqual({});
  expect(settledMs).not.toBeNull();
  // A run in which little was said proves little.
  expect(history.of("answer").filter(({ place }) => place).length).toBeGreaterThan(100);
}

test(
  `[G1–G20] C1–C15 hold through the killing of a gateway, of both workers and of Postgres (seed ${seed})`,
  async () => {
    const result = await run([
      at(1, "gateway killed", 300),
      at(3, "both workers killed", 300),
      at(5, "Postgres killed", 300),
    ]);
    expectSound(result);
  },
  MOST_MS,
);

test(
  `[G3] [G7] a hot room that loses its log gets a new epoch: the loss is announced, and nobody who stayed loses a word (seed ${seed})`,
  async () => {
    const result = await run([at(3, "FLUSHALL"), at(6, "Redis comes back empty", 200)]);
    expectSound(result);
    const { history } = result;
    expect(history.of("lost").length).toBeGreaterThan(0);
    for (const { epochs } of history.of("kept")) {
      expect(epochs.filter(({ seeded }) => seeded)).toHaveLength(3);
    }
    expect(history.of("stayed").length).toBeGreaterThan(LOAD.writers);
  },
  MOST_MS,
);

test(
  `[G1–G20] C1–C15 hold through dead, slow and broken lines (seed ${seed})`,
  async () => {
    const result = await run([
      at(1, "gateway–Redis subscriber black hole", 1_500),
      at(2, "worker–Postgres cut mid-reply", 800),
      at(4, "gateway–Postgres cut mid-reply", 800),
      at(5, "clients cut mid-reply", 500),
      at(6, "worker–Redis black hole", 1_500),
    ]);
    expectSound(result);
  },
  MOST_MS,
);
