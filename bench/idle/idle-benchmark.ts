import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import type { Benchmark, RunOptions } from "../benchmark.ts";
import { gatherCrowd } from "../crowd/crowd.ts";
import { eddyDialect } from "../crowd/eddy-dialect.ts";
import { peerDialect } from "../crowd/peer-dialects.ts";
import { portOf, type Running } from "../fan-out/design.ts";
import { startEddy } from "../fan-out/eddy.ts";
import { startPeer } from "../fan-out/peer.ts";
import { interleave } from "../rounds.ts";
import { show } from "../spread.ts";
import { memoryOf } from "./memory.ts";
import { type IdleLeg, perConnection, reportIdle } from "./report-idle.ts";

const REDIS_ADAPTER = new URL("../peers/redis-adapter.ts", import.meta.url);
const GATEWAY_ENV = {
  NODE_OPTIONS: `--import tsx --import ${fileURLToPath(new URL("collect-when-asked.ts", import.meta.url))}`,
};
/** What follows an entering (who is here is told once a second) is over by then. */
const CALM_MS = 3_000;

/** Memory of people who are there and say nothing. */
export const idleBenchmark: Benchmark = {
  name: "idle",
  summary: "memory of 10,000 connections that sit in rooms: Eddy against Socket.IO",
  run: async (options) => {
    const seating = options.quick
      ? { rooms: 4, membersPerRoom: 25 }
      : { rooms: 100, membersPerRoom: 100 };
    const ways = [
      { name: "Eddy, everything", ...eddyWay },
      { name: "Socket.IO + Redis adapter", ...peerWay({ KEEP_REQUESTS: "1" }) },
      { name: "the same, handshakes let go", ...peerWay({}) },
    ];
    const legs = await interleave(
      ways.map(({ name, start, dialect }) => ({
        name,
        measure: async () => {
          const running = await start(seating.rooms);
          return measureIdle(running, dialect, seating, options);
        },
      })),
      {
        rounds: options.quick ? 1 : 2,
        onMeasured: (line, leg: IdleLeg) =>
          options.onProgress(`${line}: ${show(perConnection(leg) / 1_024)} KB each`),
      },
    );
    return reportIdle(legs);
  },
};

const eddyWay = {
  dialect: eddyDialect,
  start: (rooms: number) => startEddy({ rooms, gateways: 1, env: GATEWAY_ENV }),
};

function peerWay(env: Record<string, string>) {
  return {
    dialect: peerDialect,
    start: (rooms: number) =>
      startPeer(REDIS_ADAPTER, rooms, { gateways: 1, env: { ...GATEWAY_ENV, ...env } }),
  };
}

async function measureIdle(
  running: Running,
  dialect: typeof eddyDialect,
  { membersPerRoom }: { membersPerRoom: number },
  { quick }: RunOptions,
): Promise<IdleLeg> {
  const processes = [...running.gateways, ...(running.worker === null ? [] : [running.worker])];
  const collect = () => Promise.all(processes.map((each) => each.ask("collect")));
  try {
    await collect();
    const before = memoryOf(running);
    const crowd = await gatherCrowd({
      ports: running.gateways.map(portOf),
      dialect,
      seating: { rooms: running.rooms, membersPerRoom, speakersPerRoom: 1 },
    });
    await setTimeout(quick ? 0 : CALM_MS);
    await collect();
    const after = memoryOf(running);
    const problems = crowd.problems();
    const connections = crowd.members.length;
    crowd.close();
    if (problems.length > 0) throw new Error(problems.join("; "));
    return { connections, before, after, versions: running.versions };
  } finally {
    await running.close();
  }
}
