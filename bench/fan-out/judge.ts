import { ratioOf, show, showRatio, spreadOf } from "../spread.ts";
import { parts } from "./design.ts";
import type { Load } from "./scenario.ts";
import { isSaturated, type Leg } from "./side.ts";

/** Says in a sentence or two what a load showed, and which of its goals are missed by how much. */
export function judge(load: Load, legs: Map<string, Leg[]>): string {
  const [[, eddy], [name, other]] = [...legs] as [[string, Leg[]], [string, Leg[]]];
  const p99 = (of: Leg[]) => median(of, (leg) => leg.p99Ms);
  const ratio = ratioOf(eddy.map(perCpuSecond), other.map(perCpuSecond));
  const keptUp = median(other, (leg) => leg.keptUp);
  const saturated = isSaturated({ keptUp })
    ? `, which delivers ${Math.round(keptUp * 100)} % of it`
    : "";
  const said = `${load.perSecond.toLocaleString("en")} messages/s: Eddy makes ${showRatio(ratio)} the deliveries per CPU-second of ${name}${saturated}; p99 ${show(p99(eddy))} ms against ${show(p99(other))} ms.`;

  const { goal } = load;
  const misses: string[] = [];
  const atMost = (what: string, value: number, bound: number | undefined) => {
    if (bound !== undefined && value > bound) {
      misses.push(`${what} ${show(value)} ms instead of ${show(bound)} ms`);
    }
  };
  if (ratio.median < goal.ratio) {
    misses.push(`×${show(ratio.median)} instead of ×${show(goal.ratio)}, ${dearest(eddy)}`);
  }
  atMost(
    "p50",
    median(eddy, (leg) => leg.p50Ms),
    goal.p50Ms,
  );
  atMost("p99", p99(eddy), goal.p99Ms);
  if (goal.p99NoWorse === true) atMost("p99", p99(eddy), p99(other));
  const rate = median(eddy, (leg) => leg.perSecond);
  if (goal.deliveriesPerSecond !== undefined && rate < goal.deliveriesPerSecond * 0.97) {
    misses.push(`${show(rate)} deliveries/s instead of ${show(goal.deliveriesPerSecond)}`);
  }
  return misses.length === 0
    ? `${said} Goal reached (×${show(goal.ratio)}).`
    : `${said} **Goal missed**: ${misses.join("; ")}.`;
}

function median(of: Leg[], value: (leg: Leg) => number): number {
  return spreadOf(of.map(value)).median;
}

function perCpuSecond(leg: Leg): number {
  return leg.perCpuSecond;
}

/** Which of Eddy's processes costs the most. */
function dearest(eddy: Leg[]): string {
  const cost = (part: (typeof parts)[number]) =>
    spreadOf(eddy.map(({ cpuUs }) => cpuUs[part])).median;
  const all = parts.reduce((sum, part) => sum + cost(part), 0);
  const [part = "gateways"] = parts.toSorted((a, b) => cost(b) - cost(a));
  return `${show(cost(part))} of its ${show(all)} µs per delivery in ${part}`;
}
