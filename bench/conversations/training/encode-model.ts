import { pairFeatures, startFeatures } from "../../../workers/conversations/feature-names.ts";
import { manners } from "../../../workers/conversations/manner.ts";
import {
  LEAF,
  MODEL_FORMAT,
  type ModelHeader,
  WORD_COUNT_STEPS,
  WORD_COUNT_UNIT,
} from "../../../workers/conversations/model.ts";
import type { Boosted } from "./boost.ts";
import { upperHalf } from "./cuts.ts";
import type { TreeNode } from "./grow-tree.ts";
import type { MannerWeights } from "./learn-manners.ts";

/** All that a model holds. */
export interface Learnt {
  source: { data: string; licence: string; logs: number; messages: number };
  wordCounts: Float64Array;
  countedMessages: number;
  manners: MannerWeights;
  boosted: Boosted;
}

/** Writes a model file, as `decodeModel` reads it. */
export function encodeModel({
  source,
  wordCounts,
  countedMessages,
  ...learnt
}: Learnt): Uint8Array {
  const { boosted } = learnt;
  const pairs = usedCuts(boosted.pairs, boosted.pairCuts);
  const starts = usedCuts(boosted.starts, boosted.startCuts);
  const columns = manners.map((name) => learnt.manners[name]);
  const scales = columns.map((column) => mostOf(column) / 127);
  const header: ModelHeader = {
    format: MODEL_FORMAT,
    ...source,
    countedMessages,
    mannerScales: scales,
    pairs: headerOf(boosted.pairs, pairFeatures, pairs),
    starts: headerOf(boosted.starts, startFeatures, starts),
  };
  const bytes = [...new TextEncoder().encode(`${JSON.stringify(header)}\n`)];
  for (const count of wordCounts) bytes.push(wordCountByte(count));
  for (const [i, column] of columns.entries()) {
    for (const weight of column) bytes.push(signedByte(weight, scales[i] ?? 1));
  }
  writeForest(bytes, boosted.pairs, pairs);
  writeForest(bytes, boosted.starts, starts);
  return Uint8Array.from(bytes);
}

function wordCountByte(count: number): number {
  const steps = Math.round(WORD_COUNT_STEPS * Math.log2(1 + count * WORD_COUNT_UNIT));
  return Math.min(255, steps);
}

function signedByte(value: number, scale: number): number {
  return Math.max(-127, Math.min(127, Math.round(value / scale))) & 255;
}

function mostOf(values: Iterable<number>): number {
  let most = 1e-9;
  for (const value of values) most = Math.max(most, Math.abs(value));
  return most;
}

/** Cuts of each feature that some tree looks at: the others need not be kept. */
function usedCuts(trees: readonly TreeNode[], cuts: readonly Float64Array[]): number[][] {
  const used = cuts.map(() => new Set<number>());
  const visit = (node: TreeNode): void => {
    if ("value" in node) return;
    used[node.feature]?.add(node.cut);
    visit(node.low);
    visit(node.high);
  };
  for (const tree of trees) visit(tree);
  return cuts.map((values, f) =>
    [...values].map((value, cut) => (used[f]?.has(cut) ? value : Number.NaN)),
  );
}

function kept(cuts: readonly number[]): number[] {
  return cuts.filter((cut) => !Number.isNaN(cut));
}

function headerOf(trees: readonly TreeNode[], features: readonly string[], cuts: number[][]) {
  return { trees: trees.length, features, cuts: cuts.map((each) => kept(each).length) };
}

function writeForest(bytes: number[], trees: readonly TreeNode[], cuts: number[][]): void {
  for (const each of cuts) for (const cut of kept(each)) bytes.push(...halfBytes(cut));
  for (const tree of trees) {
    const scale = upperHalf((mostOf(leavesOf(tree)) / 127) * 1.004);
    bytes.push(...halfBytes(scale));
    writeNode(bytes, tree, { scale, cuts });
  }
}

function leavesOf(node: TreeNode): number[] {
  return "value" in node ? [node.value] : [...leavesOf(node.low), ...leavesOf(node.high)];
}

function writeNode(
  bytes: number[],
  node: TreeNode,
  file: { scale: number; cuts: readonly number[][] },
): void {
  if ("value" in node) {
    bytes.push(LEAF, signedByte(node.value, file.scale));
    return;
  }
  const before = (file.cuts[node.feature] ?? []).slice(0, node.cut);
  bytes.push(node.feature, kept(before).length);
  writeNode(bytes, node.low, file);
  writeNode(bytes, node.high, file);
}

/** The upper half of a float. */
function halfBytes(value: number): [number, number] {
  const float = new DataView(new ArrayBuffer(4));
  float.setFloat32(0, value);
  return [float.getUint8(0), float.getUint8(1)];
}
