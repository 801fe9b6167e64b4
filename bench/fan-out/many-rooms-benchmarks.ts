import type { Benchmark, RunOptions } from "../benchmark.ts";
import { compare } from "./compare.ts";
import type { Design } from "./design.ts";
import { eddy } from "./eddy.ts";
import { jobEach, plainWs, redisAdapter, streamsAdapter } from "./peer.ts";
import type { Goal } from "./scenario.ts";

/** Many small rooms, where nothing can be saved by sending messages together. */
export const manyRoomsBenchmark: Benchmark = {
  name: "many-rooms",
  summary: "100 rooms of 10: Eddy, storing everything, against peers that store nothing",
  run: (options) =>
    compareInManyRooms(options, {
      title: "Fan-out: many small rooms",
      designs: [eddy, redisAdapter, ...(options.quick ? [] : [streamsAdapter, plainWs])],
      perSecond: 2_000,
      goal: { ratio: 1, p50Ms: 2 },
    }),
};

/** The same against what does as much. */
export const storedRoomsBenchmark: Benchmark = {
  name: "stored-rooms",
  summary: "100 rooms of 10: Eddy against Socket.IO with a job for each message, both storing",
  run: (options) =>
    compareInManyRooms(options, {
      title: "End to end with persistence: many small rooms",
      designs: [eddy, jobEach],
      perSecond: 1_500,
      goal: { ratio: 2.5 },
    }),
};

function compareInManyRooms(
  options: RunOptions,
  what: { title: string; designs: Design[]; perSecond: number; goal: Goal },
) {
  const { perSecond, goal, ...scenario } = what;
  const load = options.quick
    ? { perSecond: 100, warmUpSeconds: 0.2, seconds: 0.5, goal }
    : { perSecond, warmUpSeconds: 3, seconds: 8, goal };
  return compare(
    {
      ...scenario,
      rooms: options.quick ? 4 : 100,
      membersPerRoom: options.quick ? 4 : 10,
      speakersPerRoom: 2,
      loads: [load],
      rounds: options.quick ? 1 : 4,
      profile: PROFILE,
    },
    options,
  );
}

const PROFILE = [
  "In each gateway a message has five receivers: nothing can be sent together, and what a message costs once (the append, its answer, what Redis publishes, parsing) is shared by few. The writes to sockets are 44 % of a gateway, a quarter the write that wakes Redis; in gateways Eddy costs as much as the others for each delivery.",
  "Four fifths of the worker are the grouping into conversations and the digests (docs/adr/0016-conversations-from-the-last-messages.md, 0017), some 200 µs a message; storing itself is 36 µs, for which a job per message takes 190 µs. Without the grouping the ratio would be about half as much again.",
];
