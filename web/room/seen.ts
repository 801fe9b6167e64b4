/** Seqs from one to another, both included. */
export type Range = readonly [from: number, to: number];

/** Adds a range to ranges in ascending order; those that touch become one. The same ranges when it is in them. */
export function addRange(ranges: readonly Range[], [from, to]: Range): readonly Range[] {
  if (to < from || ranges.some(([first, last]) => first <= from && to <= last)) return ranges;
  const touching = ranges.filter(([first, last]) => first <= to + 1 && last >= from - 1);
  const merged: Range = [
    Math.min(from, ...touching.map(([first]) => first)),
    Math.max(to, ...touching.map(([, last]) => last)),
  ];
  const apart = ranges.filter((range) => !touching.includes(range));
  return [...apart, merged].toSorted(([a], [b]) => a - b);
}
