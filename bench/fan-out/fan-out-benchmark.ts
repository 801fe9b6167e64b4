import type { Benchmark } from "../benchmark.ts";
import { compare } from "./compare.ts";
import { eddy } from "./eddy.ts";
import { plainWs, redisAdapter, streamsAdapter } from "./peer.ts";

/** One full room at three rates. */
export const fanOutBenchmark: Benchmark = {
  name: "fan-out",
  summary: "one room of 1,000 members: Eddy, storing everything, against Socket.IO and bare ws",
  run: (options) => {
    const lasts = options.quick
      ? { warmUpSeconds: 0.2, seconds: 0.5 }
      : { warmUpSeconds: 2, seconds: 6 };
    const loads = [
      { perSecond: 50, ...lasts, goal: { ratio: 1.2, p99NoWorse: true } },
      { perSecond: 200, ...lasts, goal: { ratio: 2.5, p99Ms: 45 } },
      {
        perSecond: 1_000,
        ...lasts,
        goal: { ratio: 6, p99Ms: 60, deliveriesPerSecond: 1_000_000 },
      },
    ];
    const [one] = loads;
    const membersPerRoom = options.quick ? 20 : 1_000;
    return compare(
      {
        title: `Fan-out: one room of ${membersPerRoom.toLocaleString("en")} members`,
        designs: options.quick
          ? [eddy, redisAdapter]
          : [eddy, redisAdapter, streamsAdapter, plainWs],
        rooms: 1,
        membersPerRoom,
        speakersPerRoom: options.quick ? 4 : 20,
        loads: options.quick && one !== undefined ? [one] : loads,
        rounds: options.quick ? 1 : 3,
      },
      options,
    );
  },
};
