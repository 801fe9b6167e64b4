import type { Benchmark, RunOptions } from "../benchmark.ts";
import { gatherCrowd } from "../crowd/crowd.ts";
import { type Speech, speakTo } from "../crowd/speak.ts";
import type { Design } from "../fan-out/design.ts";
import { portOf } from "../fan-out/design.ts";
import { eddy } from "../fan-out/eddy.ts";
import { redisAdapter } from "../fan-out/peer.ts";
import { interleave } from "../rounds.ts";
import { quantile, show } from "../spread.ts";
import { type HungLeg, reportHung } from "./report-hung.ts";
import { residentBytes } from "./resident-bytes.ts";

const LOOK_EVERY_MS = 250;

/** Clients that take nothing off their sockets, beside others that do. */
export const neverReadingBenchmark: Benchmark = {
  name: "never-reading",
  summary: "500 clients that never read: what they cost the server, and the others in the room",
  run: async (options) => {
    const scale = options.quick
      ? { readers: 10, hung: 10, perSecond: 20, warmUpSeconds: 0.2, seconds: 0.8 }
      : { readers: 200, hung: 500, perSecond: 100, warmUpSeconds: 3, seconds: 20 };
    const designs = options.quick ? [eddy] : [eddy, redisAdapter];
    const ways = designs.flatMap((design) => [
      { name: design.name, measure: () => measure(design, { ...scale, hung: 0 }) },
      {
        name: `${design.name}, and ${scale.hung} that never read`,
        measure: () => measure(design, scale),
      },
    ]);
    return reportHung(await inTurns(ways, options), scale);
  },
};

function inTurns(ways: { name: string; measure: () => Promise<HungLeg> }[], options: RunOptions) {
  return interleave(ways, {
    rounds: options.quick ? 1 : 2,
    onMeasured: (line, { peakBytes, p99Ms }) =>
      options.onProgress(`${line}: ${show(peakBytes / 2 ** 20)} MB, p99 ${show(p99Ms)} ms`),
  });
}

/** New servers for each leg: memory that was once asked for is not given back. */
async function measure(
  design: Design,
  scale: Speech & { readers: number; hung: number },
): Promise<HungLeg> {
  const running = await design.start(1);
  const ports = running.gateways.map(portOf);
  // Long texts, so that what a client does not read soon exceeds what the kernel holds for it.
  const seating = { rooms: running.rooms, speakersPerRoom: 10, textBytes: 4_000 };
  try {
    const { dialect } = design;
    const readers = await gatherCrowd({
      ports,
      dialect,
      seating: { ...seating, membersPerRoom: scale.readers },
    });
    const hung = await gatherCrowd({
      ports,
      dialect,
      seating: { ...seating, membersPerRoom: scale.hung },
    });
    for (const member of hung.members) member.stopReading();
    let peakBytes = 0;
    const watch = setInterval(() => {
      peakBytes = Math.max(peakBytes, residentBytes(running.pids.gateways));
    }, LOOK_EVERY_MS);
    const heard = await speakTo(readers, scale, { begin: () => {}, end: () => {} });
    clearInterval(watch);
    const problems = readers.problems();
    for (const crowd of [readers, hung]) crowd.close();
    const latencies = heard.latenciesMs.toSorted((a, b) => a - b);
    return {
      peakBytes,
      p50Ms: quantile(latencies, 0.5),
      p99Ms: quantile(latencies, 0.99),
      isWhole: problems.length === 0,
      versions: running.versions,
    };
  } finally {
    await running.close();
  }
}
