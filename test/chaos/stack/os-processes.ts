import { readdirSync, readFileSync } from "node:fs";

/** What the kernel says of a process: null when it is gone. */
export function resourcesOf(pid: number): { rssMb: number; descriptors: number } | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const kilobytes = /^VmRSS:\s+(\d+)/mu.exec(status)?.[1];
    if (kilobytes === undefined) return null;
    return {
      rssMb: Math.round(Number(kilobytes) / 1_024),
      descriptors: readdirSync(`/proc/${pid}/fd`).length,
    };
  } catch {
    return null;
  }
}

/**
 * Sends a signal to a process and all that it started: PostgreSQL is one process for each connection,
 * each in a group of its own, so that neither its main process nor a group is the whole of it.
 */
export function signalFamily(pid: number, signal: NodeJS.Signals): void {
  for (const one of [pid, ...childrenOf(pid)]) {
    try {
      process.kill(one, signal);
    } catch {
      // It went meanwhile.
    }
  }
}

function childrenOf(pid: number): number[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/u.test(name)) return [];
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
      return parent === pid ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}
