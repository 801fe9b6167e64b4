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

/**
 * After so many trees, rows that are so far behind the best, or behind the floor, are out of the question.
 * Of 25,000 winners among annotated logs none was ever further behind.
 */
const STAGES = [
  { trees: 10, margin: 5 },
  { trees: 20, margin: 4.5 },
  { trees: 40, margin: 4 },
  { trees: 60, margin: 3.5 },
  { trees: 100, margin: 2.25 },
  { trees: 150, margin: 1.5 },
  { trees: Infinity, margin: 0 },
] as const;

/**
 * The place of the row with the greatest score, -1 if none beats `floor`: the first of those that score
 * the same. After some of the trees only rows that may still win are looked at.
 */
export function bestOf(forest: Forest, rows: readonly Float64Array[], floor: number): number {
  const places = rows.map((_, i) => i);
  const left = { rows: rows.slice(), scores: new Float64Array(rows.length) };
  let from = 0;
  for (const { trees, margin } of STAGES) {
    const to = Math.min(trees, forest.roots.length);
    addTrees(forest, { ...left, from, to });
    from = to;
    let most = floor;
    for (let row = 0; row < left.rows.length; row += 1) {
      most = Math.max(most, left.scores[row] as number);
    }
    keepFrom(left, places, most - margin);
  }
  return left.rows.length > 0 && (left.scores[0] as number) > floor ? (places[0] as number) : -1;
}

/** Moves rows with at least this score to the front, in their order, and forgets the others. */
function keepFrom(
  { rows, scores }: { rows: Float64Array[]; scores: Float64Array },
  places: number[],
  least: number,
): void {
  let kept = 0;
  for (let row = 0; row < rows.length; row += 1) {
    const score = scores[row] as number;
    if (score < least) continue;
    rows[kept] = rows[row] as Float64Array;
    scores[kept] = score;
    places[kept] = places[row] as number;
    kept += 1;
  }
  rows.length = kept;
  places.length = kept;
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
