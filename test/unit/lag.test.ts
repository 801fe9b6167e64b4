import { describe, expect, test } from "@jest/globals";

import { judge, type Lag, overCeiling, type Verdict } from "../../server/feed/lag.ts";

const caps = { softBytes: 1_000, hardBytes: 10_000, patienceMs: 10_000 };

/** What is said of a socket at each of some moments: [ms, unread bytes]. */
function judged(moments: readonly (readonly [number, number])[]): Verdict[] {
  let lag: Lag | null = null;
  return moments.map(([nowMs, unread]) => {
    const found: { lag: Lag | null; verdict: Verdict } = judge(lag, unread, nowMs, caps);
    lag = found.lag;
    return found.verdict;
  });
}

describe("how a socket reads", () => {
  test("[G11] over the soft cap it is held, once; drained it resumes, once", () => {
    const moments = [
      [0, 1_000],
      [100, 1_001],
      [200, 1_500],
      [300, 251],
      [400, 250],
      [500, 900],
    ] as const;
    expect(judged(moments)).toEqual([null, "hold", null, null, "resume", null]);
  });

  test("[G11] over the hard cap it is cut at once, whether it was held or not", () => {
    expect(judged([[0, 10_001]])).toEqual(["cut"]);
    expect(
      judged([
        [0, 5_000],
        [1, 10_001],
      ]),
    ).toEqual(["hold", "cut"]);
  });

  test("[G11] ten seconds without getting on, and it is cut", () => {
    const moments = [
      [0, 2_000],
      [9_999, 2_000],
      [10_000, 2_000],
    ] as const;
    expect(judged(moments)).toEqual(["hold", null, "cut"]);
  });

  test("[G11] a trickle is not getting on", () => {
    const trickle = Array.from({ length: 12 }, (_, i) => [i * 1_000, 3_000 - i * 50] as const);
    expect(judged(trickle)).toEqual(["hold", ...Array(9).fill(null), "cut", "cut"]);
  });

  test("[G11] a slow link may take a large reply in its own time", () => {
    const steps = Array.from({ length: 40 }, (_, i) => [i * 1_000, 9_000 - i * 200] as const);
    expect(new Set(judged(steps))).toEqual(new Set(["hold", null]));
  });

  test("[G11] what came on top while it was held does not give it more time", () => {
    const moments = [
      [0, 2_000],
      [5_000, 6_000],
      [9_000, 5_500],
      [10_000, 5_200],
    ] as const;
    expect(judged(moments)).toEqual(["hold", null, null, "cut"]);
  });

  test("[G11] over the ceiling those with most unread are cut, and no more than it takes", () => {
    const sockets = [5, 30, 10, 40, 1].map((unreadBytes) => ({ unreadBytes }));
    const chosen = (ceiling: number) =>
      overCeiling(sockets, ceiling).map(({ unreadBytes }) => unreadBytes);
    expect(chosen(86)).toEqual([]);
    expect(chosen(50)).toEqual([40]);
    expect(chosen(45)).toEqual([40, 30]);
  });
});
