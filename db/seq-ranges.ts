import type { FactOf } from "../protocol/facts.ts";

/** Ranges of seqs, both ends included, in ascending order. */
export type Ranges = FactOf<"messages.removed">["targets"];

/** Whether a seq lies in one of some ranges. */
export function inRanges(ranges: Ranges): (seq: number) => boolean {
  return (seq) => {
    let [low, high] = [0, ranges.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((ranges[middle]?.[1] ?? Infinity) < seq) low = middle + 1;
      else high = middle;
    }
    const range = ranges[low];
    return range !== undefined && range[0] <= seq;
  };
}
