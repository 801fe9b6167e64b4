import type { Report, RunOptions } from "../benchmark.ts";
import { interleave } from "../rounds.ts";
import { show } from "../spread.ts";
import { type Legs, reportFanOut } from "./report-fan-out.ts";
import type { Load, Scenario } from "./scenario.ts";
import { isSaturated, type Leg, openSide, type Side } from "./side.ts";

/** Runs a scenario: every design with servers and a crowd of its own, in turns, load after load. */
export async function compare(scenario: Scenario, options: RunOptions): Promise<Report> {
  const { onProgress } = options;
  const sides: Side[] = [];
  try {
    for (const design of scenario.designs) {
      onProgress(`starting ${design.name}, and its crowd`);
      sides.push(await openSide(design, scenario));
    }
    const found: { load: Load; legs: Legs }[] = [];
    for (const load of scenario.loads) {
      const legs = await interleave(
        sides.map((side) => ({ name: side.name, measure: () => side.run(load) })),
        {
          rounds: scenario.rounds,
          onMeasured: (line, leg: Leg) =>
            onProgress(`${load.perSecond} msg/s, ${line}: ${describe(leg)}`),
        },
      );
      found.push({ load, legs });
    }
    const versions = Object.assign({}, ...sides.map((side) => side.versions));
    return reportFanOut({ scenario, found, versions });
  } finally {
    await Promise.all(sides.map((side) => side.close()));
  }
}

function describe(leg: Leg): string {
  const rate = show(leg.perCpuSecond);
  const saturated = isSaturated(leg) ? `, saturated at ${show(leg.perSecond)} per second` : "";
  return `${rate} deliveries per CPU-second, p99 ${show(leg.p99Ms)} ms${saturated}`;
}
