import type { RoomMemory } from "./room-memory.ts";
import type { Said } from "./said.ts";
import { WORD_BUCKETS } from "./words.ts";

/** Nearest messages among which words in common stand out. */
const NEAR = 80;

/** Words that a message has in common with those of the window, rare ones weighing more. By place in the window. */
export interface Overlap {
  sums: Float64Array;
  cosines: Float64Array;
  rarest: Float64Array;
  /** Cosines by seq, where there is any. */
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
  for (const [bit, word] of query.words.entries()) commonBits[word] = 1 << bit;
  const threadBits = compareAll(memory, { query, norm, overlap });
  for (const word of query.words) commonBits[word] = 0;
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

/** The bit of each word of the message that is compared; all zero in between, as comparing is synchronous. */
const commonBits = new Int32Array(WORD_BUCKETS);

/** Fills in what each message of the window has in common; answers the words of conversations, by their bits. */
function compareAll(
  memory: RoomMemory,
  { query, norm, overlap }: { query: Said; norm: number; overlap: Overlap },
): Map<number, number> {
  const { window } = memory;
  const threadBits = new Map<number, number>();
  const bestSoFar = new Map<string, number>();
  for (const [i, said] of window.entries()) {
    const by = said.author.id;
    const before = bestSoFar.get(by) ?? 0;
    overlap.cosinesBefore[i] = before;
    const common = bitsOf(said);
    if (common === 0) continue;
    const { sum, rarest, cosine } = compare(said, memory, norm);
    overlap.sums[i] = sum;
    overlap.cosines[i] = cosine;
    overlap.rarest[i] = rarest;
    overlap.bySeq.set(said.seq, cosine);
    if (window.length - i <= NEAR) overlap.best = Math.max(overlap.best, cosine);
    if (by === query.author.id) overlap.bestOwn = Math.max(overlap.bestOwn, cosine);
    if (cosine > before) bestSoFar.set(by, cosine);
    threadBits.set(said.conversation, (threadBits.get(said.conversation) ?? 0) | common);
  }
  return threadBits;
}

function bitsOf({ words }: Said): number {
  let bits = 0;
  for (const word of words) bits |= commonBits[word] as number;
  return bits;
}

function compare(said: Said, memory: RoomMemory, norm: number) {
  let squares = LEAST_NORM;
  let sum = 0;
  let dot = 0;
  let rarest = 0;
  for (const word of said.words) {
    const weight = memory.weightOf(word);
    squares += weight * weight;
    if (commonBits[word] === 0) continue;
    sum += weight;
    dot += weight * weight;
    rarest = Math.max(rarest, weight);
  }
  return { sum, rarest, cosine: dot / (norm * Math.sqrt(squares)) };
}
