import { Redis } from "ioredis";

import type { Benchmark } from "../benchmark.ts";
import { gatherCrowd } from "../crowd/crowd.ts";
import { speakTo } from "../crowd/speak.ts";
import { portOf, type Running } from "../fan-out/design.ts";
import { readCpu } from "../fan-out/read-cpu.ts";
import { mintToken } from "../peers/tokens.ts";
import { interleave } from "../rounds.ts";
import { quantile, show } from "../spread.ts";
import { reportStorm, type StormLeg } from "./report-storm.ts";
import { type Client, comeBack, type Destination } from "./returning.ts";
import { eachFromPostgres, eachFromRedis, eddyWay, type Way } from "./ways.ts";

/** Facts that each has missed: as many as one reply holds. */
const MISSED = 200;
/** People who come in one after another, before there is a storm. */
const CALM = 40;

/** Everyone comes back at once. */
export const stormBenchmark: Benchmark = {
  name: "storm",
  summary:
    "1,000 clients come back at once and have missed 200 messages: Eddy against reads for each",
  run: async (options) => {
    const count = options.quick ? 40 : 1_000;
    const ways = [eddyWay, eachFromRedis, ...(options.quick ? [] : [eachFromPostgres])];
    const legs = await interleave(
      ways.map((way) => ({ name: way.name, measure: () => measureStorm(way, count) })),
      {
        rounds: options.quick ? 1 : 3,
        onMeasured: (line, { allMs, readsMs }: StormLeg) =>
          options.onProgress(
            `${line}: all served in ${show(allMs)} ms; the reads alone ${show(readsMs)} ms`,
          ),
      },
    );
    return reportStorm(legs);
  },
};

async function measureStorm(way: Way, count: number): Promise<StormLeg> {
  const running = await way.start();
  try {
    const [gateway] = running.gateways;
    const [room] = running.rooms;
    if (gateway === undefined || room === undefined) throw new Error("There is nowhere to go");
    const to: Destination = { port: portOf(gateway), room, ...way.asked };
    const clients = await meetBefore(to, count);
    await missSome(way, running);
    const leg = await storm(running, to, clients);
    return { ...leg, readsMs: await measureReads(way, running, count) };
  } finally {
    await running.close();
  }
}

/** Everyone has been there once: they have accounts, memberships and a cursor. */
async function meetBefore(to: Destination, count: number): Promise<Client[]> {
  const clients: Client[] = [];
  const visit = async () => {
    while (clients.length < count) {
      const client: Client = { token: await mintToken("Guest"), cursor: null };
      clients.push(client);
      const { reply, leave } = await comeBack(client, to);
      client.cursor = to.cursorOf(reply);
      leave();
    }
  };
  await Promise.all(Array.from({ length: CALM }, visit));
  return clients;
}

async function missSome({ dialect }: Way, running: Running): Promise<void> {
  const crowd = await gatherCrowd({
    ports: running.gateways.map(portOf),
    dialect,
    seating: { rooms: running.rooms, membersPerRoom: 1, speakersPerRoom: 1 },
  });
  const speech = { perSecond: MISSED, warmUpSeconds: 0, seconds: 1 };
  await speakTo(crowd, speech, { begin: () => {}, end: () => {} });
  // Their order is not the point here; by hand, an INSERT before the emit breaks it.
  const heard = crowd.members.map((member) => member.heard);
  if (heard.some((count) => count !== MISSED))
    throw new Error(`${heard.join()} of ${MISSED} heard`);
  await running.settle(MISSED);
  crowd.close();
}

/** The reading alone, all at once; the second time, so that nothing is opened or compiled meanwhile. */
async function measureReads(way: Way, running: Running, count: number): Promise<number> {
  const reads = await way.openReads(running);
  let startMs = 0;
  for (const _ of ["warming up", "measured"]) {
    reads.begin?.();
    startMs = performance.now();
    const found = await Promise.all(Array.from({ length: count }, reads.read));
    if (found.some((messages) => messages !== MISSED)) throw new Error("A read is not whole");
  }
  const tookMs = performance.now() - startMs;
  reads.close();
  return tookMs;
}

async function storm(
  running: Running,
  to: Destination,
  clients: Client[],
): Promise<Omit<StormLeg, "readsMs">> {
  const redis = new Redis(running.redisUrl);
  await redis.config("RESETSTAT");
  const before = readCpu(running);
  const startMs = performance.now();
  const visits = await Promise.all(
    clients.map(async (client) => {
      const visit = await comeBack(client, to);
      return { ...visit, ms: performance.now() - startMs };
    }),
  );
  const after = readCpu(running);
  const commands = await countCommands(redis);
  redis.disconnect();
  for (const { reply, leave } of visits) {
    leave();
    const facts = reply.split('"text":').length - 1;
    if (facts !== MISSED) throw new Error(`Someone got ${facts} of ${MISSED} missed messages`);
  }
  const times = visits.map(({ ms }) => ms).toSorted((a, b) => a - b);
  return {
    clients: clients.length,
    missed: MISSED,
    allMs: times.at(-1) ?? NaN,
    p50Ms: quantile(times, 0.5),
    redisCommands: commands,
    gatewaySeconds: after.gateways - before.gateways,
    storeSeconds: after.redis - before.redis + (after.postgres - before.postgres),
    versions: running.versions,
  };
}

async function countCommands(redis: Redis): Promise<number> {
  const stats = await redis.info("commandstats");
  return [...stats.matchAll(/calls=(\d+)/gu)].reduce((sum, [, calls]) => sum + Number(calls), 0);
}
