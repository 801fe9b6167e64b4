import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";

import { matchMost } from "../../bench/conversations/match-most.ts";
import { type Grouping, scoreGroupings } from "../../bench/conversations/score-grouping.ts";

function grouping(gold: Record<number, number[]>, predicted: Record<number, number>): Grouping {
  return { gold: byId(gold), predicted: byId(predicted) };
}

function byId<T>(values: Record<number, T>): Map<number, T> {
  return new Map(Object.entries(values).map(([id, value]) => [Number(id), value]));
}

describe("the measures of a grouping", () => {
  test("what agrees in everything has full marks", () => {
    const score = scoreGroupings([
      grouping({ 1: [1], 2: [1], 3: [3], 4: [3] }, { 1: 1, 2: 1, 3: 3, 4: 3 }),
    ]);
    const full = { precision: 100, recall: 100, f: 100 };
    expect(score).toEqual({ messages: 4, link: full, vi: 100, oneToOne: 100, exact: full });
  });

  test("links, overlaps and whole conversations are counted as the paper does", () => {
    // People see {1, 2, 5} and {3, 4}; the grouper {1, 2}, {3, 4} and {5}.
    const score = scoreGroupings([
      grouping({ 1: [1], 2: [1], 3: [3], 4: [3], 5: [1, 2] }, { 1: 1, 2: 1, 3: 3, 4: 3, 5: 5 }),
    ]);
    expect(score.link).toEqual({
      precision: 80,
      recall: (100 * 4) / 6,
      f: expect.closeTo(72.727, 3),
    });
    expect(score.oneToOne).toBe(80);
    expect(score.exact).toEqual({ precision: 50, recall: 50, f: 50 });
    // H(predicted | gold) of the split conversation is 3/5 × H(1/3); nothing else is uncertain.
    const bits = 0.6 * (Math.log2(3) - 2 / 3);
    expect(score.vi).toBeCloseTo(100 * (1 - bits / Math.log2(5)), 9);
  });

  test("logs are pooled, and messages of two logs never stand together", () => {
    const one = grouping({ 1: [1], 2: [1] }, { 1: 1, 2: 1 });
    const other = grouping({ 1: [1], 2: [2] }, { 1: 1, 2: 1 });
    const score = scoreGroupings([one, other]);
    expect(score.messages).toBe(4);
    expect(score.link.precision).toBe(75);
    expect(score.oneToOne).toBe(75);
    expect(score.exact).toMatchObject({ precision: 50, recall: 100 });
  });

  test("two that answer the same message outside are in one conversation", () => {
    const score = scoreGroupings([grouping({ 5: [2], 6: [2] }, { 5: 5, 6: 5 })]);
    expect(score.exact.f).toBe(100);
  });

  test("the best pairing is the best of all pairings", () => {
    const table = fc
      .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 5 }))
      .chain(([rows, columns]) =>
        fc.array(fc.array(fc.nat({ max: 9 }), { minLength: columns, maxLength: columns }), {
          minLength: rows,
          maxLength: rows,
        }),
      );
    fc.assert(
      fc.property(table, (cells) => {
        expect(matchMost(cells)).toBe(bestByTrying(cells, new Set()));
      }),
    );
  });
});

function bestByTrying(cells: readonly number[][], taken: ReadonlySet<number>): number {
  const [row, ...rest] = cells;
  if (row === undefined) return 0;
  const without = bestByTrying(rest, taken);
  const withOne = row.map((cell, column) =>
    taken.has(column) ? 0 : cell + bestByTrying(rest, new Set([...taken, column])),
  );
  return Math.max(without, ...withOne);
}
