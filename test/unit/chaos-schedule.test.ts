import { expect, test } from "@jest/globals";
import fc from "fast-check";

import { faults } from "../chaos/faults.ts";
import { historyOf, type Row } from "../chaos/history.ts";
import { recoveriesOf } from "../chaos/recovery.ts";
import { withRun } from "../chaos/runs-page.ts";
import { faultOf, scheduleOf } from "../chaos/schedule.ts";
import { seed as runSeed } from "../simulation/seed.ts";

test(`a seed decides the schedule, and faults of one target never overlap (seed ${runSeed})`, () => {
  const met = new Set<string>();
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const schedule = scheduleOf(seed, 60);
      expect(scheduleOf(seed, 60)).toEqual(schedule);
      const busyUntil = new Map<string, number>();
      for (const { atMs, name, durationMs } of schedule) {
        const { target, mostMs } = faultOf(name);
        expect(atMs).toBeGreaterThan(busyUntil.get(target) ?? 0);
        expect(durationMs).toBeLessThanOrEqual(mostMs);
        busyUntil.set(target, atMs + durationMs);
        met.add(name);
      }
      expect(schedule.length).toBeGreaterThan(8);
    }),
    { seed: runSeed, numRuns: 200 },
  );
  expect([...met].toSorted()).toEqual(Object.keys(faults).toSorted());
});

test("a recovery is told from the first success of anyone, of everyone, and from how the backlog went", () => {
  const rows: Row[] = [
    { kind: "fault", t: 100, endedAt: 900, name: "x", target: "redis", losesRedis: false },
    // Sent before it began: its success proves nothing.
    answer("ada", 90, 150, "ok"),
    answer("ada", 120, 500, "unknown"),
    ...[10, 20, 30].map((t): Row => ({ kind: "backlog", t, facts: 10 })),
    { kind: "backlog", t: 800, facts: 400 },
    answer("grace", 600, 1_100, "ok"),
    { kind: "stored", t: 1_150, who: "grace", user: "grace", room: "r", clientId: "grace 600" },
    answer("ada", 1_000, 1_300, "ok"),
    { kind: "backlog", t: 1_400, facts: 0 },
  ];
  expect(recoveriesOf(historyOf(rows))).toMatchObject([
    {
      acceptedMs: 1_000,
      everyoneMs: 1_200,
      storedMs: 1_050,
      drain: 201,
      refused: 0,
      unanswered: 1,
    },
  ]);
});

function answer(who: string, sentAt: number, t: number, outcome: "ok" | "unknown"): Row {
  const clientId = `${who} ${sentAt}`;
  return { kind: "answer", t, who, user: who, room: "r", clientId, sentAt, outcome };
}

test("the page of runs counts the seeds that held, and has each once with its last outcome", () => {
  const sound = { seconds: 60, faults: 9, accepted: 40, told: 900, settledMs: 210, violated: [] };
  const purposes = { flushall: { purpose: "to lose it all" } };
  const add = (page: string, run: object) =>
    withRun(page, { run: "12", ...sound, ...run }, purposes);
  let page = add("", {});
  page = add(page, { run: "3", violated: ["C3", "C4"] });
  page = add(page, { run: "4", settledMs: null });
  page = add(page, { run: "flushall" });
  expect(page).toContain("**1 of 3 seeds held.**");
  expect(page).toContain("| 3 | 60 s | 9 | 40 | 900 | 0.2 s | VIOLATED C3, C4 |");
  page = add(page, { run: "3" });
  expect(page).toContain("**2 of 3 seeds held.**");
  const runs = [...page.matchAll(/^\| (\S+) \| 60 s/gmu)].map(([, run]) => run);
  expect(runs).toEqual(["3", "4", "12", "flushall"]);
});
