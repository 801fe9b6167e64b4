/** Decision trees in one run of nodes, each tree in preorder. Their values add up. */
export interface Forest {
  /** Where each tree begins. */
  roots: Int32Array;
  /** Which value a node looks at; -1 for a leaf. */
  feature: Int16Array;
  /** Up to here it goes on to the next node, beyond to `right`. A leaf holds its value here. */
  threshold: Float64Array;
  right: Int32Array;
}

/** The sum of what the trees say of these values. */
export function scoreOf(forest: Forest, values: Float64Array): number {
  const score = new Float64Array(1);
  addTrees(forest, { rows: [values], scores: score, from: 0, to: forest.roots.length });
  return score[0] ?? 0;
}

/** Trees after which most rows are out of the question, */
const FIRST_TREES = 60;
/** and how far behind the best they are then: such a row does not come back. */
const MARGIN = 3;

/**
 * The place of the row with the greatest score, -1 if none beats `floor`. After the first trees only
 * rows that may still win are looked at.
 */
export function bestOf(forest: Forest, rows: readonly Float64Array[], floor: number): number {
  const first = Math.min(FIRST_TREES, forest.roots.length);
  const early = new Float64Array(rows.length);
  addTrees(forest, { rows, scores: early, from: 0, to: first });
  const least = early.reduce((most, score) => Math.max(most, score), -Infinity) - MARGIN;
  const left = rows.map((_, i) => i).filter((i) => (early[i] ?? 0) >= least);
  const scores = Float64Array.from(left, (i) => early[i] ?? 0);
  const leftRows = left.map((i) => rows[i] ?? new Float64Array());
  addTrees(forest, { rows: leftRows, scores, from: first, to: forest.roots.length });
  let best = -1;
  let most = floor;
  for (const [k, score] of scores.entries()) {
    if (score <= most) continue;
    most = score;
    best = left[k] ?? -1;
  }
  return best;
}

/** Adds what some of the trees say to the scores of rows: tree by tree, so that each stays at hand. */
function addTrees(
  { roots, feature, threshold, right }: Forest,
  to: { rows: readonly Float64Array[]; scores: Float64Array; from: number; to: number },
): void {
  const { rows, scores } = to;
  for (let tree = to.from; tree < to.to; tree += 1) {
    const root = roots[tree] as number;
    for (let row = 0; row < rows.length; row += 1) {
      const values = rows[row] as Float64Array;
      let node = root;
      let looksAt = feature[node] as number;
      while (looksAt >= 0) {
        const isLow = (values[looksAt] as number) <= (threshold[node] as number);
        node = isLow ? node + 1 : (right[node] as number);
        looksAt = feature[node] as number;
      }
      scores[row] = (scores[row] as number) + (threshold[node] as number);
    }
  }
}
