import type { RoomMemory } from "./room-memory.ts";
import type { Said } from "./said.ts";

/** Nearest messages among which words in common stand out. */
const NEAR = 80;

/** Words that a message has in common with those of the window, rare ones weighing more. By place in the window. */
export interface Overlap {
  sums: Float64Array;
  cosines: Float64Array;
  rarest: Float64Array;
  /** Cosines by seq. */
  bySeq: Map<number, number>;
  /** Greatest cosine: nearby, and with what the author said. */
  best: number;
  bestOwn: number;
  /** Greatest cosine of older messages by the same speaker. */
  cosinesBefore: Float64Array;
  /** Weight of the words that a conversation has in common with it. */
  threadSums: Map<number, number>;
  rarestWord: number;
}

/** Compares a message with every one in the window. */
export function overlapOf(memory: RoomMemory, query: Said): Overlap {
  const { window } = memory;
  const weights = query.words.map((word) => memory.weightOf(word));
  const bits = new Map(query.words.map((word, i) => [word, i]));
  const norm = Math.sqrt(weights.reduce((sum, weight) => sum + weight * weight, LEAST_NORM));
  const overlap: Overlap = {
    sums: new Float64Array(window.length),
    cosines: new Float64Array(window.length),
    rarest: new Float64Array(window.length),
    bySeq: new Map(),
    best: 0,
    bestOwn: 0,
    cosinesBefore: new Float64Array(window.length),
    threadSums: new Map(),
    rarestWord: Math.max(0, ...weights),
  };
  const threadBits = new Map<number, number>();
  const bestSoFar = new Map<string, number>();
  for (const [i, said] of window.entries()) {
    const { sum, dot, rarest, squares, common } = compare(said, memory, bits);
    const cosine = dot / (norm * Math.sqrt(squares));
    const by = said.author.id;
    overlap.sums[i] = sum;
    overlap.cosines[i] = cosine;
    overlap.rarest[i] = rarest;
    overlap.bySeq.set(said.seq, cosine);
    if (window.length - i <= NEAR) overlap.best = Math.max(overlap.best, cosine);
    if (by === query.author.id) overlap.bestOwn = Math.max(overlap.bestOwn, cosine);
    const before = bestSoFar.get(by) ?? 0;
    overlap.cosinesBefore[i] = before;
    bestSoFar.set(by, Math.max(before, cosine));
    threadBits.set(said.conversation, (threadBits.get(said.conversation) ?? 0) | common);
  }
  for (const [thread, common] of threadBits) {
    overlap.threadSums.set(
      thread,
      weights.reduce((sum, weight, bit) => sum + ((common >> bit) & 1 ? weight : 0), 0),
    );
  }
  return overlap;
}

/** Keeps messages without words from being divided by. */
const LEAST_NORM = 0.001;

function compare(said: Said, memory: RoomMemory, bits: ReadonlyMap<number, number>) {
  const result = { sum: 0, dot: 0, rarest: 0, squares: LEAST_NORM, common: 0 };
  for (const word of said.words) {
    const weight = memory.weightOf(word);
    result.squares += weight * weight;
    const bit = bits.get(word);
    if (bit === undefined) continue;
    result.sum += weight;
    result.dot += weight * weight;
    result.rarest = Math.max(result.rarest, weight);
    result.common |= 1 << bit;
  }
  return result;
}
