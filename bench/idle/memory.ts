import { readFileSync } from "node:fs";

import { treeOf } from "../cpu-time.ts";
import type { Part, Running } from "../fan-out/design.ts";

/**
 * Memory of each part of a design's servers with all their children, in bytes. What processes share
 * (the buffers of Postgres, the code of Node) is divided among them, so nothing is counted twice.
 */
export function memoryOf({ pids }: Running): Record<Part, number> {
  return {
    gateways: sum(pids.gateways),
    worker: sum(pids.worker),
    redis: sum(pids.redis),
    postgres: sum(pids.postgres),
  };
}

function sum(pids: number[]): number {
  return pids.flatMap(treeOf).reduce((total, pid) => total + proportionalBytes(pid), 0);
}

function proportionalBytes(pid: number): number {
  try {
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
    return Number(/^Pss:\s+(\d+)/mu.exec(rollup)?.[1] ?? 0) * 1_024;
  } catch {
    // It ended between being listed and being read.
    return 0;
  }
}
