import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { readFile, rm, stat } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";

/** How a process is asked to end, and for how long before it is made to. */
export interface Ending {
  signal: NodeJS.Signals;
  patienceMs: number;
}

const POLL_MS = 20;
const KILL_PATIENCE_MS = 5_000;

/** Ends what an earlier run left behind, as its pid file says. Resolves when it is gone. */
export async function endLeftOver(pidFile: string, ending: Ending): Promise<void> {
  const pid = await readPidFile(pidFile);
  if (pid !== null) await endProcess(pid, ending);
  await rm(pidFile, { force: true });
}

/** Ends a process: asks with a signal, then insists. Resolves when it is gone. */
export async function endProcess(pid: number, { signal, patienceMs }: Ending): Promise<void> {
  send(pid, signal);
  if (await isGoneWithin(pid, patienceMs)) return;
  send(pid, "SIGKILL");
  await isGoneWithin(pid, KILL_PATIENCE_MS);
}

async function isGoneWithin(pid: number, patienceMs: number): Promise<boolean> {
  const deadline = Date.now() + patienceMs;
  while (Date.now() < deadline) {
    if (!(await isAlive(pid))) return true;
    await setTimeout(POLL_MS);
  }
  return !(await isAlive(pid));
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone, which is what was wanted.
  }
}

/** Whether a process lives; a zombie does not. */
async function isAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  const state = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return !/\) [ZX] /u.test(state);
}

/**
 * Notes a process in a file, with when it began: a pid alone may belong to a stranger after a reboot
 * or a wrap-around, and a stranger must never be killed. At once, because whoever starts a process
 * and is killed before noting it leaves one that nobody will find.
 */
export function writePidFile(file: string, pid: number): void {
  writeFileSync(file, JSON.stringify({ pid, began: beganByKernel(pid) }));
}

/** The process that a file notes, if that very process still lives. */
export async function readPidFile(file: string): Promise<number | null> {
  let noted: { pid: number; began: string | null };
  try {
    noted = JSON.parse(await readFile(file, "utf8")) as typeof noted;
  } catch {
    return null;
  }
  if (!(await isAlive(noted.pid))) return null;
  if (noted.began !== null) return beganByKernel(noted.pid) === noted.began ? noted.pid : null;
  return (await beganBefore(noted.pid, file)) ? noted.pid : null;
}

/** When a process began, in ticks of one boot; null where /proc does not tell. */
function beganByKernel(pid: number): string | null {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const state = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name may hold spaces and brackets; what follows its last bracket does not.
    const ticks = state.slice(state.lastIndexOf(")") + 2).split(" ")[19];
    return ticks === undefined ? null : `${boot} ${ticks}`;
  } catch {
    return null;
  }
}

/** Without /proc: a process that began after its note was written is another one. */
async function beganBefore(pid: number, file: string): Promise<boolean> {
  try {
    const { stdout } = await promisify(execFile)("ps", ["-o", "lstart=", "-p", String(pid)]);
    const { mtimeMs } = await stat(file);
    return Date.parse(stdout.trim()) <= mtimeMs;
  } catch {
    return false;
  }
}
