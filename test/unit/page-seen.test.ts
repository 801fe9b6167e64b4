import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";

import { addRange, type Range } from "../../web/room/seen.ts";
import { seed } from "../simulation/seed.ts";

describe("what was on the screen", () => {
  test.each<[string, Range[], Range, Range[]]>([
    ["nothing before", [], [3, 5], [[3, 5]]],
    [
      "apart from it",
      [[1, 2]],
      [4, 5],
      [
        [1, 2],
        [4, 5],
      ],
    ],
    ["touching it", [[1, 3]], [4, 5], [[1, 5]]],
    [
      "between two",
      [
        [1, 3],
        [6, 7],
      ],
      [4, 5],
      [[1, 7]],
    ],
    ["in it", [[1, 9]], [4, 5], [[1, 9]]],
    ["nothing at all", [[1, 2]], [5, 4], [[1, 2]]],
  ])("is kept in as few ranges as can be: %s", (_what, ranges, range, kept) => {
    expect(addRange(ranges, range)).toEqual(kept);
  });

  test(`is all that was seen, and nothing else (seed ${seed})`, () => {
    const range = fc.tuple(fc.nat(40), fc.nat(8)).map(([from, more]): Range => [from, from + more]);
    fc.assert(
      fc.property(fc.array(range, { maxLength: 12 }), (seen) => {
        const kept = seen.reduce<readonly Range[]>(addRange, []);
        for (let seq = 0; seq < 60; seq += 1) expect(has(kept, seq)).toBe(has(seen, seq));
        for (const [i, [from]] of kept.entries()) {
          expect(from).toBeGreaterThan((kept[i - 1]?.[1] ?? -2) + 1);
        }
      }),
      { seed },
    );
  });
});

function has(ranges: readonly Range[], seq: number): boolean {
  return ranges.some(([from, to]) => from <= seq && seq <= to);
}
