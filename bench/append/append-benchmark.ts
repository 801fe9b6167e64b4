import { Redis } from "ioredis";

import type { Benchmark, Report, RunOptions } from "../benchmark.ts";
import { interleave } from "../rounds.ts";
import { show } from "../spread.ts";
import { startTemporaryRedis } from "../temporary-stores.ts";
import type { Appender } from "./appender.ts";
import { measureLatency, measureSaturated, type TestBed } from "./measure.ts";
import { oneScript } from "./one-script.ts";
import { type Comparison, reportAppends } from "./report-appends.ts";
import { separateCommands } from "./separate-commands.ts";

/** One script against the same effects written as separate commands. */
export const appendBenchmark: Benchmark = {
  name: "append",
  summary: "a message into a room's log: one script against separate commands",
  run: async (options) => {
    const server = await startTemporaryRedis();
    const admin = new Redis(server.url);
    const appenders = [
      await oneScript(server.url),
      separateCommands(server.url, { enableAutoPipelining: false }),
      separateCommands(server.url, { enableAutoPipelining: true }),
    ];
    try {
      return await compareAll({ admin, redisPid: server.pid }, appenders, options);
    } finally {
      admin.disconnect();
      for (const appender of appenders) appender.close();
      await server.close();
    }
  },
};

async function compareAll(
  place: Pick<TestBed, "admin" | "redisPid">,
  appenders: Appender[],
  { quick, onProgress }: RunOptions,
): Promise<Report> {
  const bed: TestBed = {
    ...place,
    ...(quick ? { warmUpSeconds: 0.05, seconds: 0.2 } : { warmUpSeconds: 0.2, seconds: 0.8 }),
  };
  // A rewrite of the append-only file would be charged to whoever runs when it comes.
  await bed.admin.config("SET", "auto-aof-rewrite-percentage", 0);
  onProgress("warming up");
  for (const appender of appenders) await measureSaturated(bed, appender);
  const comparisons: Comparison[] = [];
  for (const appendfsync of ["everysec", "always"] as const) {
    await bed.admin.config("SET", "appendfsync", appendfsync);
    const rounds = quick ? 1 : appendfsync === "always" ? 3 : 5;
    const latency = await interleave(
      appenders.map((each) => ({ name: each.name, measure: () => measureLatency(bed, each) })),
      {
        rounds,
        onMeasured: (line, { p50Ms, p99Ms }) =>
          onProgress(`${appendfsync}, ${line}: p50 ${show(p50Ms)} ms, p99 ${show(p99Ms)} ms`),
      },
    );
    const saturated = await interleave(
      appenders.map((each) => ({ name: each.name, measure: () => measureSaturated(bed, each) })),
      {
        rounds,
        onMeasured: (line, { perCpuSecond }) =>
          onProgress(`${appendfsync}, ${line}: ${show(perCpuSecond)} appends per CPU-second`),
      },
    );
    comparisons.push({ appendfsync, latency, saturated });
  }
  const redis = /^redis_version:(\S+)/mu.exec(await bed.admin.info("server"))?.[1] ?? "unknown";
  return reportAppends(comparisons, { Redis: redis });
}
