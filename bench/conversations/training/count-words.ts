import { bucketOf, WORD_BUCKETS, wordsOf } from "../../../workers/conversations/words.ts";
import type { AnnotatedLog } from "../annotated-log.ts";

/** In how many of `messages` messages of these logs each word is, on the average. */
export function countWords(logs: readonly AnnotatedLog[], messages: number): Float64Array {
  const counts = new Float64Array(WORD_BUCKETS);
  const said = logs.flatMap(({ lines }) => lines.filter(({ system }) => !system));
  for (const { text } of said) {
    const buckets = new Set(wordsOf(text.replace(/^\s*\S+[:,]\s/u, "")).map(bucketOf));
    for (const bucket of buckets) counts[bucket] = (counts[bucket] ?? 0) + 1;
  }
  return counts.map((count) => (count * messages) / said.length);
}
