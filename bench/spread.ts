/** What several rounds found. */
export interface Spread {
  median: number;
  min: number;
  max: number;
}

/** The spread of some values. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  return { median: quantile(sorted, 0.5), min: sorted[0] ?? NaN, max: sorted.at(-1) ?? NaN };
}

/**
 * How many times more (or less) one way has than another: divided round by round and only then
 * summed up, so that what slowed down a whole round falls out.
 */
export function ratioOf(these: readonly number[], those: readonly number[]): Spread {
  return spreadOf(these.map((value, round) => value / (those[round] ?? NaN)));
}

/** A quantile of ascending values. */
export function quantile(sorted: readonly number[], q: number): number {
  const at = (sorted.length - 1) * q;
  const [below = NaN, above = NaN] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return below + (above - below) * (at - Math.floor(at));
}

/** `12.3 (11.9–12.8)` */
export function showSpread({ median, min, max }: Spread): string {
  return `${show(median)} (${show(min)}–${show(max)})`;
}

/** `×6.2 (5.9–6.4)` */
export function showRatio(ratio: Spread): string {
  return `×${showSpread(ratio)}`;
}

/** Three digits that count. */
export function show(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (value >= 100) return Math.round(value).toLocaleString("en");
  return value.toFixed(value >= 10 ? 1 : 2);
}
