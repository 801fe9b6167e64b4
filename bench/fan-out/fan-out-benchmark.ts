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
        profile: PROFILE,
      },
      options,
    );
  },
};

const PROFILE = [
  "At 50 messages/s nearly every message is a frame of its own, so Eddy makes as many writes as the others (25,000 a second in each gateway). Half of a gateway's time is in the kernel, writing and waking the reader; a quarter in Node's C++, a fifth in JavaScript, mostly cache misses on one socket after the other. What could be saved there is saved (docs/adr/0015-one-write-per-socket.md); fewer writes would cost latency. What is stored, and grouped into conversations, comes on top: a fifth of the whole.",
  "At 200 messages/s a frame holds five facts and goes out every 25 ms, the longest that anybody is made to wait: 20,000 writes a second in each gateway. A fifth of the whole is the worker, four fifths of that the grouping into conversations, some 500 µs a message.",
  "At 1,000 messages/s servers and clients fill both cores: the latencies are those of a full machine.",
];
