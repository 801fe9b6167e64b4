import { setTimeout } from "node:timers/promises";

import { openStore } from "../../db/postgres/connection.ts";
import type { Benchmark, Report } from "../benchmark.ts";
import { gatherCrowd } from "../crowd/crowd.ts";
import { type Speech, speakTo } from "../crowd/speak.ts";
import { portOf } from "../fan-out/design.ts";
import { eddy } from "../fan-out/eddy.ts";
import { interleave } from "../rounds.ts";
import { quantile, ratioOf, show, showRatio, showSpread, spreadOf } from "../spread.ts";
import { importedOf, startImportOf } from "./upload.ts";

interface Scale extends Speech {
  rooms: number;
  membersPerRoom: number;
  /** Messages of the file. */
  messages: number;
  rounds: number;
}

interface Leg {
  p50Ms: number;
  p99Ms: number;
  isWhole: boolean;
  /** Messages a second that came into the room while others spoke, and when they had ended. */
  besides: number;
  alone: number;
}

const GOAL = { perSecond: 20_000, later: 1.5 };
const LOOK_EVERY_MS = 50;
const alone = "live, alone";
const beside = "live, beside an import";

/** A long history is brought along while people talk. */
export const importBenchmark: Benchmark = {
  name: "import",
  summary: "a history of 1,000,000 messages is imported while people talk in other rooms",
  run: async ({ quick, onProgress }) => {
    const scale: Scale = quick
      ? {
          rooms: 2,
          membersPerRoom: 3,
          perSecond: 20,
          warmUpSeconds: 0.2,
          seconds: 1,
          messages: 5_000,
          rounds: 1,
        }
      : {
          rooms: 20,
          membersPerRoom: 10,
          perSecond: 200,
          warmUpSeconds: 3,
          seconds: 12,
          messages: 1_000_000,
          rounds: 2,
        };
    const legs = await interleave(
      [
        { name: alone, measure: () => measure(scale, 0) },
        { name: beside, measure: () => measure(scale, scale.messages) },
      ],
      {
        rounds: scale.rounds,
        onMeasured: (line, { p99Ms, besides, alone: rest }) =>
          onProgress(
            `${line}: p99 ${show(p99Ms)} ms, ${show(besides)} and ${show(rest)} imported/s`,
          ),
      },
    );
    return report(legs, scale);
  },
};

/** New servers for each leg: an import of before would make tables larger. */
async function measure(scale: Scale, messages: number): Promise<Leg> {
  const running = await eddy.start(scale.rooms);
  const store = openStore({ url: running.databaseUrl ?? "", name: "bench", connections: 2 });
  try {
    const crowd = await gatherCrowd({
      ports: running.gateways.map(portOf),
      dialect: eddy.dialect,
      seating: { rooms: running.rooms, membersPerRoom: scale.membersPerRoom, speakersPerRoom: 2 },
    });
    const id = messages === 0 ? null : await startImportOf(store, messages);
    const imported = async () =>
      id === null ? { messages: 0, isDone: true } : importedOf(store, id);
    let begun = await imported();
    while (begun.messages === 0 && !begun.isDone) {
      await setTimeout(LOOK_EVERY_MS);
      begun = await imported();
    }
    const begunAt = performance.now();
    const heard = await speakTo(crowd, scale, { begin: () => {}, end: () => {} });
    const spoken = await imported();
    const spokenAt = performance.now();
    while (!(await imported()).isDone) await setTimeout(LOOK_EVERY_MS);
    const doneAt = performance.now();
    const isWhole = crowd.problems().length === 0;
    crowd.close();
    const latencies = heard.latenciesMs.toSorted((a, b) => a - b);
    return {
      p50Ms: quantile(latencies, 0.5),
      p99Ms: quantile(latencies, 0.99),
      isWhole,
      besides: ((spoken.messages - begun.messages) / (spokenAt - begunAt)) * 1_000,
      alone: spoken.isDone ? NaN : ((messages - spoken.messages) / (doneAt - spokenAt)) * 1_000,
    };
  } finally {
    await store.close();
    await running.close();
  }
}

function report(legs: Map<string, Leg[]>, scale: Scale): Report {
  const [quiet = [], busy = []] = [legs.get(alone), legs.get(beside)];
  const later = ratioOf(
    busy.map(({ p99Ms }) => p99Ms),
    quiet.map(({ p99Ms }) => p99Ms),
  );
  const besides = spreadOf(busy.map((leg) => leg.besides));
  const rest = spreadOf(busy.map((leg) => leg.alone).filter(Number.isFinite));
  const misses = [
    ...(Math.max(besides.median, rest.median || 0) < GOAL.perSecond
      ? [`under ${show(GOAL.perSecond)} messages/s`]
      : []),
    ...(later.median > GOAL.later ? [`p99 ×${show(later.median)} instead of ×${GOAL.later}`] : []),
  ];
  return {
    title: "Import",
    claims: [
      `${scale.messages.toLocaleString("en")} messages come in at ${showSpread(besides)} a second while people talk, ${showSpread(rest)} when they have stopped; the p99 of those who talk is ${showRatio(later)} of what it is without. ${
        misses.length === 0 ? "Goal reached." : `**Goal missed**: ${misses.join("; ")}.`
      }`,
      [...quiet, ...busy].every(({ isWhole }) => isWhole)
        ? "Everyone who talked got every message, in order."
        : "**Not everyone who talked got every message in time.**",
    ],
    tables: [
      {
        title: `${scale.rooms} rooms of ${scale.membersPerRoom}, ${scale.perSecond} messages/s`,
        columns: ["way", "p50 ms", "p99 ms", "imported/s"],
        rows: [...legs].map(([way, found]) => [
          way,
          showSpread(spreadOf(found.map(({ p50Ms }) => p50Ms))),
          showSpread(spreadOf(found.map(({ p99Ms }) => p99Ms))),
          way === beside ? showSpread(besides) : "–",
        ]),
      },
    ],
    method: [
      `Two gateways, a worker, Redis and PostgreSQL, new for every leg; in turns, medians with the least and the most in brackets. The import runs in the same worker that stores what is said.`,
      "Latency is open loop, from due to read. The clients and all servers share the machine.",
    ],
    versions: {},
  };
}
