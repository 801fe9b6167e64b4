import type { Plot } from "../plot.ts";
import { spreadOf } from "../spread.ts";
import type { Load } from "./scenario.ts";
import type { Leg } from "./side.ts";

/** What a second of CPU time delivers, and how late the latest come: medians, load by load. */
export function plotLegs(found: { load: Load; legs: Map<string, Leg[]> }[]): Plot[] {
  const designs = [...(found[0]?.legs.keys() ?? [])];
  const categories = found.map(({ load }) => `${load.perSecond.toLocaleString("en")} messages/s`);
  const series = (of: (leg: Leg) => number) =>
    designs.map((name) => ({
      name,
      values: found.map(({ legs }) => spreadOf((legs.get(name) ?? []).map(of)).median),
    }));
  return [
    {
      title: "Deliveries per CPU-second of all server processes (more is better)",
      categories,
      series: series((leg) => leg.perCpuSecond),
    },
    {
      title: "Latency p99, ms (less is better; logarithmic)",
      categories,
      series: series((leg) => leg.p99Ms),
      isLog: true,
    },
  ];
}
