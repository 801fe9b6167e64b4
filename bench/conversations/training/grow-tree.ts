import { type BinnedRows, MOST_BINS } from "./cuts.ts";

/** A decision tree over binned features. */
export type TreeNode =
  | { value: number }
  | { feature: number; cut: number; low: TreeNode; high: TreeNode };

/** First and second derivative of the loss by the score of each row. */
export interface Slopes {
  gradient: Float64Array;
  hessian: Float64Array;
}

export interface GrowOptions {
  leaves: number;
  /** Shrinks leaves that few rows speak for. */
  ridge: number;
  /** Least second derivative in a leaf. */
  leastHessian: number;
  learningRate: number;
  /** Features that this tree may look at. */
  features: readonly number[];
}

interface Leaf {
  rows: Int32Array;
  gradient: number;
  hessian: number;
  histogram: Float64Array;
  split: Split | null;
  /** Once it was split. */
  low?: Leaf;
  high?: Leaf;
}

interface Split {
  gain: number;
  feature: number;
  cut: number;
}

/** Grows a tree leaf by leaf, always where the loss falls most. */
export function growTree(
  data: BinnedRows,
  { rows, slopes, options }: { rows: Int32Array; slopes: Slopes; options: GrowOptions },
): TreeNode {
  const root = makeLeaf(rows, histogramOf(data, { rows, slopes, options }), slopes);
  root.split = bestSplit(data, root, options);
  const leaves = [root];
  while (leaves.length < options.leaves) {
    const best = leaves.reduce((a, b) => ((b.split?.gain ?? 0) > (a.split?.gain ?? 0) ? b : a));
    if (best.split === null) break;
    const [low, high] = splitLeaf(data, best, best.split, { slopes, options });
    leaves.splice(leaves.indexOf(best), 1, low, high);
  }
  return nodeOf(root, options);
}

function makeLeaf(rows: Int32Array, histogram: Float64Array, slopes: Slopes): Leaf {
  let gradient = 0;
  let hessian = 0;
  for (const row of rows) {
    gradient += slopes.gradient[row] ?? 0;
    hessian += slopes.hessian[row] ?? 0;
  }
  return { rows, gradient, hessian, histogram, split: null };
}

/** Sums of both derivatives by feature and bin. */
function histogramOf(
  { bins }: BinnedRows,
  { rows, slopes, options }: { rows: Int32Array; slopes: Slopes; options: GrowOptions },
): Float64Array {
  const histogram = new Float64Array(options.features.length * MOST_BINS * 2);
  const { gradient, hessian } = slopes;
  for (const [k, feature] of options.features.entries()) {
    const column = bins[feature] ?? new Uint8Array();
    const base = k * MOST_BINS * 2;
    for (let i = 0; i < rows.length; i += 1) {
      const row = rows[i] as number;
      const at = base + (column[row] as number) * 2;
      histogram[at] = (histogram[at] as number) + (gradient[row] as number);
      histogram[at + 1] = (histogram[at + 1] as number) + (hessian[row] as number);
    }
  }
  return histogram;
}

function bestSplit({ cuts }: BinnedRows, leaf: Leaf, options: GrowOptions): Split | null {
  const { ridge, leastHessian, features } = options;
  const worth = (gradient: number, hessian: number) => gradient ** 2 / (hessian + ridge);
  const before = worth(leaf.gradient, leaf.hessian);
  let best: Split | null = null;
  for (const [k, feature] of features.entries()) {
    let gradient = 0;
    let hessian = 0;
    for (let cut = 0; cut < (cuts[feature]?.length ?? 0); cut += 1) {
      const at = (k * MOST_BINS + cut) * 2;
      gradient += leaf.histogram[at] ?? 0;
      hessian += leaf.histogram[at + 1] ?? 0;
      if (hessian < leastHessian) continue;
      if (leaf.hessian - hessian < leastHessian) break;
      const after =
        worth(gradient, hessian) + worth(leaf.gradient - gradient, leaf.hessian - hessian);
      const gain = after - before;
      if (gain > (best?.gain ?? LEAST_GAIN)) best = { gain, feature, cut };
    }
  }
  return best;
}

const LEAST_GAIN = 1e-6;

function splitLeaf(
  data: BinnedRows,
  leaf: Leaf,
  { feature, cut }: Split,
  { slopes, options }: { slopes: Slopes; options: GrowOptions },
): [Leaf, Leaf] {
  const column = data.bins[feature] ?? new Uint8Array();
  const isLow = (row: number) => (column[row] as number) <= cut;
  const lowRows = leaf.rows.filter(isLow);
  const highRows = leaf.rows.filter((row) => !isLow(row));
  const isLowSmaller = lowRows.length < highRows.length;
  // The larger side is what the smaller one leaves.
  const smaller = histogramOf(data, { rows: isLowSmaller ? lowRows : highRows, slopes, options });
  const larger = leaf.histogram.map((sum, i) => sum - (smaller[i] as number));
  const low = makeLeaf(lowRows, isLowSmaller ? smaller : larger, slopes);
  const high = makeLeaf(highRows, isLowSmaller ? larger : smaller, slopes);
  for (const side of [low, high]) side.split = bestSplit(data, side, options);
  leaf.low = low;
  leaf.high = high;
  leaf.histogram = new Float64Array();
  return [low, high];
}

function nodeOf(leaf: Leaf, options: GrowOptions): TreeNode {
  const { split, low, high, gradient, hessian } = leaf;
  if (low === undefined || high === undefined || split === null) {
    return { value: (-gradient / (hessian + options.ridge)) * options.learningRate };
  }
  const { feature, cut } = split;
  return { feature, cut, low: nodeOf(low, options), high: nodeOf(high, options) };
}

/** Adds what a tree says to the score of every row. */
export function addScores({ bins, rows }: BinnedRows, tree: TreeNode, scores: Float64Array): void {
  for (let row = 0; row < rows; row += 1) {
    let node = tree;
    while ("feature" in node) {
      node = (bins[node.feature]?.[row] ?? 0) <= node.cut ? node.low : node.high;
    }
    scores[row] = (scores[row] ?? 0) + node.value;
  }
}
