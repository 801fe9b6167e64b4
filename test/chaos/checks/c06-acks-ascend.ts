import type { RowOf } from "../history.ts";
import type { Check } from "./check.ts";

/** C6: the acknowledgements of one sender ascend in the order in which it sent. */
export const acksAscend: Check = (history) => {
  const bySender = new Map<string, RowOf<"answer">[]>();
  for (const answer of history.of("answer")) {
    // A repeat is answered with where its first attempt stands.
    if (answer.place === undefined || answer.duplicate === true) continue;
    const key = `${answer.who} in ${answer.room}`;
    bySender.set(key, [...(bySender.get(key) ?? []), answer]);
  }
  const problems: string[] = [];
  for (const [sender, answers] of bySender) {
    let last = 0;
    for (const { clientId, place } of answers.toSorted((a, b) => a.sentAt - b.sentAt)) {
      const seq = place?.seq ?? 0;
      if (seq <= last) problems.push(`${sender}: ${clientId} got ${seq} after ${last}`);
      last = Math.max(last, seq);
    }
  }
  return problems;
};
