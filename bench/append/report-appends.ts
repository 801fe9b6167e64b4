import type { Report } from "../benchmark.ts";
import { ratioOf, showRatio, showSpread, spreadOf } from "../spread.ts";
import type { Table } from "../table.ts";
import { IN_FLIGHT, type Latency, type Saturated, STEADY_PER_SECOND } from "./measure.ts";

/** What was found with one way of flushing; by way, round by round. The first way is Eddy's. */
export interface Comparison {
  appendfsync: "everysec" | "always";
  latency: Map<string, Latency[]>;
  saturated: Map<string, Saturated[]>;
}

/** The tables and ratios of all comparisons. */
export function reportAppends(comparisons: Comparison[], versions: Record<string, string>): Report {
  return {
    title: "Appending a message: one script against separate commands",
    claims: comparisons.map(claim),
    tables: comparisons.flatMap((each) => [latencyTable(each), saturatedTable(each)]),
    method: [
      "One process, one connection for each way, one Redis: append-only file on, emptied before each leg. 100 rooms, 120 bytes of text.",
      "Ways in turns, the order turned round every round; medians, with the least and the most of the rounds in brackets. A ratio is divided round by round.",
      `Latency: open loop at ${STEADY_PER_SECOND.toLocaleString("en")} appends a second, from the moment each was due. Saturated: ${IN_FLIGHT} in flight.`,
      "CPU time of this process and of Redis, from /proc. After every leg, the answers and the log of each room are checked to be 1..n.",
      "Separate commands: HGET, HMGET, INCR, XADD, HSET, ZADD, PUBLISH, each awaited. They promise less than the script does: nothing holds between two of them.",
    ],
    versions,
  };
}

function claim({ appendfsync, latency, saturated }: Comparison): string {
  const [eddy = "", commands = ""] = latency.keys();
  const cost = ratioOf(
    valuesOf(saturated, eddy, "perCpuSecond"),
    valuesOf(saturated, commands, "perCpuSecond"),
  );
  const time = ratioOf(valuesOf(latency, commands, "p50Ms"), valuesOf(latency, eddy, "p50Ms"));
  return `appendfsync ${appendfsync}: one script makes ${showRatio(cost)} the appends per CPU-second; separate commands take ${showRatio(time)} its time (p50). Every seq was there, once.`;
}

function latencyTable({ appendfsync, latency }: Comparison): Table {
  const [eddy = ""] = latency.keys();
  return {
    title: `Latency, appendfsync ${appendfsync}`,
    columns: ["way", "p50 ms", "p99 ms", "p50 to Eddy's", "p99 to Eddy's"],
    rows: [...latency.keys()].map((way) => [
      way,
      ...(["p50Ms", "p99Ms"] as const).map((what) =>
        showSpread(spreadOf(valuesOf(latency, way, what))),
      ),
      ...(["p50Ms", "p99Ms"] as const).map((what) =>
        showRatio(ratioOf(valuesOf(latency, way, what), valuesOf(latency, eddy, what))),
      ),
    ]),
  };
}

function saturatedTable({ appendfsync, saturated }: Comparison): Table {
  const [, commands = ""] = saturated.keys();
  const shown = ["perCpuSecond", "perSecond", "clientMicros", "redisMicros"] as const;
  return {
    title: `Saturated, appendfsync ${appendfsync}`,
    columns: [
      "way",
      "appends per CPU-second",
      "to separate commands",
      "appends per second",
      "client µs each",
      "Redis µs each",
    ],
    rows: [...saturated.keys()].map((way) => {
      const [perCpu = "", ...rest] = shown.map((what) =>
        showSpread(spreadOf(valuesOf(saturated, way, what))),
      );
      const ratio = ratioOf(
        valuesOf(saturated, way, "perCpuSecond"),
        valuesOf(saturated, commands, "perCpuSecond"),
      );
      return [way, perCpu, showRatio(ratio), ...rest];
    }),
  };
}

function valuesOf<T, K extends keyof T>(found: Map<string, T[]>, way: string, what: K): T[K][] {
  return (found.get(way) ?? []).map((leg) => leg[what]);
}
