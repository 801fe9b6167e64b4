import { readFileSync } from "node:fs";

import { pairFeatures, startFeatures } from "./feature-names.ts";
import type { Forest } from "./forest.ts";
import { type Manner, MANNER_BUCKETS, manners } from "./manner.ts";
import { WORD_BUCKETS } from "./words.ts";

/** What the grouping of messages was learnt to be. */
export interface ConversationModel {
  header: ModelHeader;
  /** Judges a message with one that it may answer, and the start of a conversation. */
  pairs: Forest;
  starts: Forest;
  manners: Readonly<Record<Manner, Float64Array>>;
  /** In how many of so many messages each word is expected. */
  wordCounts: Float64Array;
  countedMessages: number;
}

/** The first line of a model file, as JSON; numbers in bytes follow it. */
export interface ModelHeader {
  format: typeof MODEL_FORMAT;
  /** Whose annotated logs it was learnt from, and under which licence. */
  data: string;
  licence: string;
  logs: number;
  messages: number;
  countedMessages: number;
  mannerScales: number[];
  pairs: ForestHeader;
  starts: ForestHeader;
}

interface ForestHeader {
  trees: number;
  features: readonly string[];
  /** How many cuts each feature has. */
  cuts: number[];
}

export const MODEL_FORMAT = "eddy-conversations-1";
/** In place of a feature: the node is a leaf. */
export const LEAF = 255;
/** Steps of the logarithm in which words are counted. */
export const WORD_COUNT_STEPS = 16;
export const WORD_COUNT_UNIT = 64;

export const MODEL_FILE = new URL("conversations.model", import.meta.url);

/** The model that Eddy comes with. */
export function loadModel(): ConversationModel {
  return decodeModel(readFileSync(MODEL_FILE));
}

/**
 * Reads a model file: the header, word counts (a byte each), manners (a signed byte each), cuts (upper
 * half of a float), and trees: a scale (the same), then two bytes a node in preorder, feature and cut,
 * or LEAF and a signed value. Errors: it is of another format, or was made for other features.
 */
export function decodeModel(bytes: Uint8Array): ConversationModel {
  const end = bytes.indexOf(10);
  const firstLine = new TextDecoder().decode(bytes.subarray(0, end));
  const { format } = JSON.parse(firstLine) as { format: string };
  if (format !== MODEL_FORMAT) throw new Error(`unknown model format: ${format}`);
  const header = JSON.parse(firstLine) as ModelHeader;
  const reader = new Reader(bytes, end + 1);
  const wordCounts = Float64Array.from({ length: WORD_BUCKETS }, () => wordCountOf(reader.byte()));
  const columns = manners.map((name, i) => {
    const scale = header.mannerScales[i] ?? 0;
    return [name, Float64Array.from({ length: MANNER_BUCKETS }, () => reader.signed() * scale)];
  });
  return {
    header,
    wordCounts,
    countedMessages: header.countedMessages,
    manners: Object.fromEntries(columns) as Record<Manner, Float64Array>,
    pairs: readForest(reader, header.pairs, pairFeatures),
    starts: readForest(reader, header.starts, startFeatures),
  };
}

function wordCountOf(byte: number): number {
  return (2 ** (byte / WORD_COUNT_STEPS) - 1) / WORD_COUNT_UNIT;
}

function readForest(reader: Reader, header: ForestHeader, features: readonly string[]): Forest {
  if (header.features.join() !== features.join()) {
    throw new Error("the model was made for other features: train it anew");
  }
  const cuts = header.cuts.map((count) => Array.from({ length: count }, () => reader.half()));
  const forest = { roots: [], feature: [], threshold: [], right: [] };
  for (let tree = 0; tree < header.trees; tree += 1) readTree(reader, cuts, forest);
  return {
    roots: Int32Array.from(forest.roots),
    feature: Int16Array.from(forest.feature),
    threshold: Float64Array.from(forest.threshold),
    right: Int32Array.from(forest.right),
  };
}

function readTree(
  reader: Reader,
  cuts: readonly number[][],
  into: { roots: number[]; feature: number[]; threshold: number[]; right: number[] },
): void {
  const { roots, feature, threshold, right } = into;
  roots.push(feature.length);
  const scale = reader.half();
  const readNode = (): void => {
    const at = feature.length;
    const looksAt = reader.byte();
    if (looksAt === LEAF) {
      feature.push(-1);
      threshold.push(reader.signed() * scale);
      right.push(0);
      return;
    }
    feature.push(looksAt);
    threshold.push(cuts[looksAt]?.[reader.byte()] ?? Number.NaN);
    right.push(0);
    readNode();
    right[at] = feature.length;
    readNode();
  };
  readNode();
}

/** Reads numbers one after the other. Errors: the file ends too early. */
class Reader {
  readonly #view: DataView;
  #at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = at;
  }

  byte(): number {
    this.#at += 1;
    return this.#view.getUint8(this.#at - 1);
  }

  signed(): number {
    this.#at += 1;
    return this.#view.getInt8(this.#at - 1);
  }

  /** A float of which only the upper half is kept. */
  half(): number {
    const half = this.#view.getUint16(this.#at);
    this.#at += 2;
    const float = new DataView(new ArrayBuffer(4));
    float.setUint16(0, half);
    return float.getFloat32(0);
  }
}
