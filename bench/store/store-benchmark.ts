import type { Benchmark, RunOptions } from "../benchmark.ts";
import { interleave } from "../rounds.ts";
import { show } from "../spread.ts";
import { byHand, byHandWithEffects } from "./by-hand.ts";
import { eddy } from "./eddy.ts";
import { IN_FLIGHT, PACED_PER_SECOND } from "./loads.ts";
import type { Load } from "./producer.ts";
import { perCpuSecond, reportStoring } from "./report-storing.ts";
import { type Leg, openSide, type Side } from "./side.ts";

/** One drain over many rooms against one job and one INSERT for each message. */
export const storeBenchmark: Benchmark = {
  name: "store",
  summary: "messages into Postgres: one drain over many rooms against one job and INSERT each",
  run: async (options) => {
    options.onProgress("starting a Redis, a Postgres, a producer and a worker for each way");
    // Each side is five processes to start: a quick run does with the two that matter most.
    const designs = [eddy, byHand, ...(options.quick ? [] : [byHandWithEffects])];
    const sides = await Promise.all(designs.map(openSide));
    try {
      return await compareAll(sides, options);
    } finally {
      await Promise.all(sides.map((side) => side.close()));
    }
  },
};

async function compareAll(sides: Side[], { quick, onProgress }: RunOptions) {
  const scale = quick
    ? { warmUp: 500, saturated: 1_000, pacedSeconds: 0.5, rounds: 1 }
    : { warmUp: 13_000, saturated: 15_000, pacedSeconds: 4, rounds: 4 };
  const saturated: Omit<Load, "rooms"> = {
    messages: scale.saturated,
    perSecond: null,
    inFlight: IN_FLIGHT,
  };
  const paced: typeof saturated = {
    ...saturated,
    messages: PACED_PER_SECOND * scale.pacedSeconds,
    perSecond: PACED_PER_SECOND,
  };
  for (const side of sides) {
    onProgress(`warming up, ${side.name}`);
    await side.run({ ...saturated, messages: scale.warmUp });
  }
  const compare = (load: typeof saturated, name: string, rounds: number) =>
    interleave(
      sides.map((side) => ({ name: side.name, measure: () => side.run(load) })),
      { rounds, onMeasured: (line, leg: Leg) => onProgress(`${name}, ${line}: ${describe(leg)}`) },
    );
  return reportStoring({
    saturated: await compare(saturated, "saturated", scale.rounds),
    paced: await compare(paced, `${PACED_PER_SECOND} msg/s`, Math.ceil(scale.rounds / 2)),
    versions: sides[0]?.versions ?? {},
  });
}

function describe(leg: Leg): string {
  const rate = show(perCpuSecond(leg));
  return `${rate} messages per CPU-second, lag p99 ${show(leg.lag.p99Ms)} ms, none lost`;
}
