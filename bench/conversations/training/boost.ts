import { pairFeatures, startFeatures } from "../../../workers/conversations/feature-names.ts";
import type { Choices } from "./collect-choices.ts";
import { type BinnedRows, binRows } from "./cuts.ts";
import { addScores, growTree, type GrowOptions, type Slopes, type TreeNode } from "./grow-tree.ts";
import { seededRandom } from "./random.ts";

/** Trees by which one option is chosen over the others: the greatest sum wins. */
export interface Boosted {
  pairs: TreeNode[];
  starts: TreeNode[];
  pairCuts: Float64Array[];
  startCuts: Float64Array[];
}

export interface BoostOptions {
  /** Trees that judge a pair, and as many that judge a start. */
  trees: number;
  pairLeaves: number;
  startLeaves: number;
  learningRate: number;
  /** Share of messages, and of features, that each tree sees. */
  messageShare: number;
  featureShare: number;
  ridge: number;
  leastHessian: number;
  seed: number;
}

export const BOOST: BoostOptions = {
  trees: 300,
  pairLeaves: 16,
  startLeaves: 8,
  learningRate: 0.06,
  messageShare: 0.6,
  featureShare: 0.6,
  ridge: 5,
  leastHessian: 3,
  seed: 7,
};

/** Scores, and the derivatives of the loss by them, of all options. */
interface Side {
  data: BinnedRows;
  scores: Float64Array;
  slopes: Slopes;
}

/**
 * Learns to choose as people did: gradient boosting on the likelihood of their choice among the start
 * and all candidates (a softmax over each message's options; of several parents any one will do).
 */
export function boost(
  choices: Choices,
  options: BoostOptions,
  onProgress: (line: string) => void,
): Boosted {
  const random = seededRandom(options.seed);
  const pairs = makeSide(choices.pairs, pairFeatures.length);
  const starts = makeSide(choices.starts, startFeatures.length);
  const boosted: Boosted = {
    pairs: [],
    starts: [],
    pairCuts: pairs.data.cuts,
    startCuts: starts.data.cuts,
  };
  const grow = (side: Side, rows: Int32Array, leaves: number) => {
    const grown = growOptions(side.data, { leaves, options, random });
    const tree = growTree(side.data, { rows, slopes: side.slopes, options: grown });
    addScores(side.data, tree, side.scores);
    return tree;
  };
  for (let round = 0; round < options.trees; round += 1) {
    const loss = derive(choices, pairs, starts);
    if (round % 50 === 0) onProgress(`${round} trees, mean loss ${loss.toFixed(4)}`);
    const messages = choices.starts.map((_, i) => i).filter(() => random() < options.messageShare);
    boosted.pairs.push(grow(pairs, pairsOf(choices, messages), options.pairLeaves));
    boosted.starts.push(grow(starts, Int32Array.from(messages), options.startLeaves));
  }
  return boosted;
}

function makeSide(rows: readonly Float64Array[], features: number): Side {
  const zeros = () => new Float64Array(rows.length);
  const slopes = { gradient: zeros(), hessian: zeros() };
  return { data: binRows(rows, features), scores: zeros(), slopes };
}

function growOptions(
  { cuts }: BinnedRows,
  { leaves, options, random }: { leaves: number; options: BoostOptions; random: () => number },
): GrowOptions {
  const { ridge, leastHessian, learningRate, featureShare } = options;
  const features = cuts.map((_, f) => f).filter(() => random() < featureShare);
  return { leaves, ridge, leastHessian, learningRate, features };
}

function pairsOf({ begins }: Choices, messages: readonly number[]): Int32Array {
  const rows: number[] = [];
  for (const message of messages) {
    for (let i = begins[message] ?? 0; i < (begins[message + 1] ?? 0); i += 1) rows.push(i);
  }
  return Int32Array.from(rows);
}

/** Derives the loss by every score; answers its mean. */
function derive(choices: Choices, pairs: Side, starts: Side): number {
  const { begins, isParent, isStart, weights } = choices;
  let loss = 0;
  for (let message = 0; message < isStart.length; message += 1) {
    const begin = begins[message] ?? 0;
    const end = begins[message + 1] ?? 0;
    const startScore = starts.scores[message] ?? 0;
    let most = startScore;
    for (let i = begin; i < end; i += 1) most = Math.max(most, pairs.scores[i] ?? 0);
    const startMass = Math.exp(startScore - most);
    let all = startMass;
    let chosen = isStart[message] === true ? startMass : 0;
    for (let i = begin; i < end; i += 1) {
      const mass = (weights[i] ?? 1) * Math.exp((pairs.scores[i] ?? 0) - most);
      pairs.slopes.gradient[i] = mass;
      all += mass;
      if (isParent[i] === true) chosen += mass;
    }
    loss -= Math.log(chosen / all);
    setSlope(starts, message, startMass / all, isStart[message] === true ? startMass / chosen : 0);
    for (let i = begin; i < end; i += 1) {
      const mass = pairs.slopes.gradient[i] ?? 0;
      setSlope(pairs, i, mass / all, isParent[i] === true ? mass / chosen : 0);
    }
  }
  return loss / isStart.length;
}

function setSlope({ slopes }: Side, row: number, likelihood: number, truth: number): void {
  slopes.gradient[row] = likelihood - truth;
  slopes.hessian[row] = Math.max(1e-6, likelihood * (1 - likelihood));
}
