import { readFileSync } from "node:fs";

/** The kernel tells times to programs in hundredths of a second, whatever it ticks at itself. */
const TICKS_PER_SECOND = 100;

/** CPU time that a process has used, all its threads, user and system, in seconds. Linux only. */
export function cpuSeconds(pid: number): number {
  const [user = 0, system = 0] = times(pid);
  return (user + system) / TICKS_PER_SECOND;
}

/** The same with the processes that it started: those that live, and those that are gone. */
export function cpuSecondsOfTree(pid: number): number {
  const gone = times(pid).slice(2);
  const ticks = gone.reduce((sum, each) => sum + each, 0);
  return childrenOf(pid).reduce(
    (sum, child) => sum + cpuSecondsOfTree(child),
    cpuSeconds(pid) + ticks / TICKS_PER_SECOND,
  );
}

/** CPU time that everything on this machine has used, and what other machines took from it, in seconds. */
export function machineCpuSeconds(): number {
  const [all = ""] = read("/proc/stat").split("\n");
  const [user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0, steal = 0] = all
    .split(/\s+/u)
    .slice(1)
    .map(Number);
  return (user + nice + system + irq + softIrq + steal) / TICKS_PER_SECOND;
}

/** A process and all that it started, and those in turn. */
export function treeOf(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap(treeOf)];
}

/** Ticks: user, system, user of children that ended, system of children that ended. */
function times(pid: number): number[] {
  const state = read(`/proc/${pid}/stat`);
  // The name may hold spaces and brackets; what follows its last bracket does not.
  const fields = state.slice(state.lastIndexOf(")") + 2).split(" ");
  return fields.slice(11, 15).map(Number);
}

function childrenOf(pid: number): number[] {
  return read(`/proc/${pid}/task/${pid}/children`).split(" ").filter(Boolean).map(Number);
}

/** A child may end between being listed and being read: its parent has its time by then. */
function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (process.platform === "linux") return "";
    throw new Error("Benchmarks read CPU times from /proc: they need Linux.", { cause: error });
  }
}
