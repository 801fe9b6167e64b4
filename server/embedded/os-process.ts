import { readFile, rm, writeFile } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";

const POLL_MS = 20;

/** Whether a process lives; a zombie does not. */
export async function isAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  const state = await statOf(pid);
  return state === null || !/\) [ZX] /u.test(state);
}

/** Ends a process: asks with a signal, then insists. Resolves when it is gone. */
export async function endProcess(
  pid: number,
  { signal, patienceMs }: { signal: NodeJS.Signals; patienceMs: number },
): Promise<void> {
  send(pid, signal);
  if (await isGoneWithin(pid, patienceMs)) return;
  send(pid, "SIGKILL");
  await isGoneWithin(pid, 5_000);
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

/**
 * Notes a process in a file, with when it began: a pid alone may belong to a stranger after a reboot
 * or a wrap-around, and a stranger must never be killed.
 */
export async function writePidFile(file: string, pid: number): Promise<void> {
  await writeFile(file, JSON.stringify({ pid, began: await beganAt(pid) }));
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
  return (await beganAt(noted.pid)) === noted.began ? noted.pid : null;
}

/** Ends what an earlier run left behind, as its pid file says. */
export async function endLeftOver(
  file: string,
  how: { signal: NodeJS.Signals; patienceMs: number },
): Promise<void> {
  const pid = await readPidFile(file);
  if (pid !== null) await endProcess(pid, how);
  await rm(file, { force: true });
}

/** When a process began, in the kernel's own ticks; null where /proc does not tell. */
async function beganAt(pid: number): Promise<string | null> {
  const stat = await statOf(pid);
  // The name may hold spaces and brackets; what follows its last bracket does not.
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
}

async function statOf(pid: number): Promise<string | null> {
  try {
    return await readFile(`/proc/${pid}/stat`, "utf8");
  } catch {
    return null;
  }
}
