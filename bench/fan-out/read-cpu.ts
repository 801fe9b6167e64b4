import { cpuSeconds, cpuSecondsOfTree } from "../cpu-time.ts";
import type { Part, Running } from "./design.ts";

/** CPU-seconds that each part of a design's servers has used. */
export function readCpu({ pids }: Running): Record<Part, number> {
  return {
    gateways: sum(pids.gateways, cpuSeconds),
    worker: sum(pids.worker, cpuSeconds),
    redis: sum(pids.redis, cpuSecondsOfTree),
    postgres: sum(pids.postgres, cpuSecondsOfTree),
  };
}

function sum(pids: number[], read: (pid: number) => number): number {
  return pids.reduce((total, pid) => total + read(pid), 0);
}
