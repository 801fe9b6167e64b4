import type { Redis } from "ioredis";

import type { RoomId } from "../../protocol/ids.ts";
import { newRooms, talkIn } from "../chat-message.ts";
import { cpuSeconds } from "../cpu-time.ts";
import { quantile } from "../spread.ts";
import type { Appender } from "./appender.ts";
import { checkSeqs } from "./check-seqs.ts";
import { openLoop } from "./open-loop.ts";
import { saturate } from "./saturate.ts";

/** Where appends are measured. */
export interface TestBed {
  redisPid: number;
  admin: Redis;
  warmUpSeconds: number;
  seconds: number;
}

export interface Latency {
  p50Ms: number;
  p99Ms: number;
}

export interface Saturated {
  perSecond: number;
  /** Over this process and Redis. */
  perCpuSecond: number;
  clientMicros: number;
  redisMicros: number;
}

const ROOMS = 100;
/** Far below what any way can do, so that the figure is the way's own time and not a queue's. */
export const STEADY_PER_SECOND = 1_000;
export const IN_FLIGHT = 64;

/** How long an append takes at a rate that every way can keep. */
export function measureLatency(bed: TestBed, appender: Appender): Promise<Latency> {
  return inNewRooms(bed, appender, async (act) => {
    const took = await openLoop(act, { ...bed, perSecond: STEADY_PER_SECOND });
    const sorted = took.toSorted((a, b) => a - b);
    return { p50Ms: quantile(sorted, 0.5), p99Ms: quantile(sorted, 0.99) };
  });
}

/** How many appends there are at most, and what each costs the CPU. */
export function measureSaturated(bed: TestBed, appender: Appender): Promise<Saturated> {
  return inNewRooms(bed, appender, async (act) => {
    await saturate(act, { inFlight: IN_FLIGHT, seconds: bed.warmUpSeconds });
    const before = readCosts(bed);
    const appends = await saturate(act, { inFlight: IN_FLIGHT, seconds: bed.seconds });
    const after = readCosts(bed);
    const client = after.client - before.client;
    const redis = after.redis - before.redis;
    return {
      perSecond: appends / (after.at - before.at),
      perCpuSecond: appends / (client + redis),
      clientMicros: (client / appends) * 1e6,
      redisMicros: (redis / appends) * 1e6,
    };
  });
}

function readCosts({ redisPid }: TestBed) {
  return {
    at: performance.now() / 1_000,
    client: cpuSeconds(process.pid),
    redis: cpuSeconds(redisPid),
  };
}

/** Measures in an empty Redis, and checks what was written there. */
async function inNewRooms<T>(
  { admin }: TestBed,
  appender: Appender,
  measure: (act: () => Promise<void>) => Promise<T>,
): Promise<T> {
  await admin.flushall("SYNC");
  const rooms = newRooms(ROOMS);
  await Promise.all(rooms.map((room) => appender.open(room)));
  const answered = new Map<RoomId, number[]>(rooms.map((room) => [room, []]));
  const say = talkIn(rooms);
  const found = await measure(async () => {
    const message = say();
    const seq = await appender.append(message);
    answered.get(message.room)?.push(seq);
  });
  await checkSeqs(appender, answered);
  return found;
}
