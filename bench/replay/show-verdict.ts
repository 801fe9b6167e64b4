import { renderTable } from "../table.ts";
import type { Differences } from "./compare.ts";
import type { Verdict } from "./verify.ts";

const columns = {
  lost: "lost",
  doubled: "doubled",
  outOfOrder: "out of order",
  changed: "changed",
} satisfies Record<keyof Differences, string>;
const kinds = Object.keys(columns) as (keyof Differences)[];
/** Of one kind in one view. */
const MOST_SHOWN = 10;

/** A verdict as people read it: a table, then each difference, then the sentence that counts. */
export function showVerdict({ record, views, holds }: Verdict): string {
  const table = renderTable({
    title: `${record.log} in room ${record.slug}`,
    columns: ["view", "sent", "found", ...Object.values(columns)],
    rows: views.map(({ name, found, wrong }) => [
      name,
      String(record.sent.length),
      String(found),
      ...kinds.map((kind) => String(wrong[kind].length)),
    ]),
  });
  const differences = views.flatMap(({ name, wrong }) =>
    kinds.flatMap((kind) => few(wrong[kind]).map((line) => `${name}, ${columns[kind]}: ${line}`)),
  );
  const unfinished =
    record.ended && record.sent.length === record.lines
      ? []
      : [`The replay did not get to its end: ${record.sent.length} of ${record.lines} lines.`];
  const sentence = holds
    ? "nothing lost, doubled or out of order"
    : "NOT everything arrived once and in order";
  return [table, "", ...differences, ...unfinished, sentence].join("\n");
}

function few(lines: string[]): string[] {
  const more = lines.length - MOST_SHOWN;
  return more > 0 ? [...lines.slice(0, MOST_SHOWN), `and ${more} more`] : lines;
}
