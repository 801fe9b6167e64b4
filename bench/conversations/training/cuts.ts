/** Bins of a feature: a byte holds one, and a histogram of them is small. */
export const MOST_BINS = 48;

/** A matrix by columns, every value replaced by the bin it falls into. */
export interface BinnedRows {
  rows: number;
  bins: Uint8Array[];
  /** Per feature, ascending: bin `b` holds what is above cut `b - 1` and not above cut `b`. */
  cuts: Float64Array[];
}

/** Rows by which cuts are chosen: more would not move them. */
const SAMPLED_ROWS = 50_000;

/** Bins rows by cuts that spread their values evenly. */
export function binRows(rows: readonly Float64Array[], features: number): BinnedRows {
  const step = Math.max(1, Math.floor(rows.length / SAMPLED_ROWS));
  const sample = rows.filter((_, i) => i % step === 0);
  const cuts = Array.from({ length: features }, (_, f) =>
    cutsOf(Float64Array.from(sample, (row) => row[f] ?? 0).toSorted()),
  );
  const bins = cuts.map((each, f) => Uint8Array.from(rows, (row) => binOf(each, row[f] ?? 0)));
  return { rows: rows.length, bins, cuts };
}

/** Cuts between neighbouring values, at quantiles where there are too many. */
function cutsOf(sorted: Float64Array): Float64Array {
  const distinct = [...new Set(sorted)];
  const ends = distinct.length <= MOST_BINS ? distinct : quantiles(sorted);
  const cuts = new Set<number>();
  for (const end of ends) {
    const next = distinct[distinct.indexOf(end) + 1];
    if (next !== undefined) cuts.add(upperHalf((end + next) / 2));
  }
  return Float64Array.from(cuts).toSorted();
}

function quantiles(sorted: Float64Array): number[] {
  const shares = Array.from({ length: MOST_BINS - 1 }, (_, i) => (i + 1) / MOST_BINS);
  return [...new Set(shares.map((share) => sorted[Math.floor(share * sorted.length)] ?? 0))];
}

function binOf(cuts: Float64Array, value: number): number {
  let low = 0;
  let high = cuts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value <= (cuts[middle] ?? 0)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The nearest number that the upper half of a float holds: what the model file will keep of it. */
export function upperHalf(value: number): number {
  const float = new DataView(new ArrayBuffer(4));
  float.setFloat32(0, value);
  const bits = float.getUint32(0);
  float.setUint32(0, ((bits + 0x8000) & 0xffff0000) >>> 0);
  return float.getFloat32(0);
}
