import { hash, wordsOf } from "./words.ts";

/** Buckets of what the manner of a message is read from. */
export const MANNER_BUCKETS = 2_048;

/** What the words of a message say of its place, each with its column of weights. */
export const manners = ["starts", "continues", "answers", "isAnswered", "isContinued"] as const;
export type Manner = (typeof manners)[number];

/** Which buckets a text falls into: its words, the first and the last of them as such, length, mark. */
export function mannerBuckets(said: string): number[] {
  const words = wordsOf(said);
  const [first = "", second = ""] = words;
  const length = Math.min(6, Math.floor(Math.log2(words.length + 1) * 1.5));
  const mark = /[?!.:,)？！。]+\s*$/u.exec(said.trim())?.[0][0] ?? "";
  const keys = [
    ...words,
    `^${first}`,
    `^${first} ${second}`,
    `$${words.at(-1) ?? ""}`,
    `#${length}`,
    `$${mark}`,
  ];
  return [...new Set(keys.map((key) => hash(key) % MANNER_BUCKETS))];
}

/** How much a message that falls into these buckets is of one manner, as a logit. */
export function mannerOf(weights: Float64Array, buckets: readonly number[]): number {
  let sum = 0;
  for (const bucket of buckets) sum += weights[bucket] ?? 0;
  return sum / mannerNorm(buckets);
}

/** Long messages weigh no more than short ones. */
export function mannerNorm(buckets: readonly number[]): number {
  return Math.sqrt(buckets.length + 1);
}
