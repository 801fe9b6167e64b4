import { type ChildProcess, spawn, type SpawnOptions } from "node:child_process";
import { closeSync } from "node:fs";
import { setTimeout } from "node:timers/promises";

import { freePort } from "./free-port.ts";
import { lastLines, openLogFile } from "./log-file.ts";
import { writePidFile } from "./os-process.ts";

/** A server program to start, and how to tell how it fares. */
export interface ServerProgram {
  name: string;
  dataDir: string;
  pidFile: string;
  /** Undefined picks a free one. */
  port: number | undefined;
  command: (port: number) => Promise<{ file: string; args: string[]; options: SpawnOptions }>;
  /** Whether it serves yet. Errors: when it never will. */
  serves: (port: number) => Promise<boolean>;
  /** What it says last when starting again a little later may help. */
  passing: RegExp;
  deadlineMs: number;
}

const CHECK_EVERY_MS = 50;
const RETRY_EVERY_MS = 200;

/** Starts a server program and resolves when it serves. Errors: with its last words. */
export async function startServer(
  program: ServerProgram,
): Promise<{ port: number; child: ChildProcess }> {
  const deadline = Date.now() + program.deadlineMs;
  for (; ; await setTimeout(RETRY_EVERY_MS)) {
    const port = program.port ?? (await freePort());
    const { child, logFile } = await launch(program, port);
    const problem = await problemBefore(deadline, child, () => program.serves(port));
    if (problem === null) return { port, child };
    const words = await lastLines(logFile);
    if (problem === "ended" && Date.now() < deadline && program.passing.test(words)) continue;
    child.kill("SIGKILL");
    throw new Error(`${program.name} did not start. ${logFile} ends with:\n${words}`, {
      cause: problem,
    });
  }
}

async function launch(
  { name, dataDir, pidFile, command }: ServerProgram,
  port: number,
): Promise<{ child: ChildProcess; logFile: string }> {
  const { file, args, options } = await command(port);
  const log = openLogFile(dataDir, name);
  // A group of its own: Ctrl-C in the terminal goes to the launcher, which stops its stores last.
  const child = spawn(file, args, {
    ...options,
    stdio: ["ignore", log.fd, log.fd],
    detached: true,
  });
  // A program that cannot be run has no pid and says so here; `problemBefore` sees that it never began.
  child.once("error", () => {});
  if (child.pid !== undefined) writePidFile(pidFile, child.pid);
  closeSync(log.fd);
  return { child, logFile: log.file };
}

/** Null when it serves; else why it does not. */
async function problemBefore(
  deadline: number,
  child: ChildProcess,
  serves: () => Promise<boolean>,
): Promise<unknown> {
  while (Date.now() < deadline) {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) {
      return "ended";
    }
    try {
      if (await serves()) return null;
    } catch (error) {
      return error;
    }
    await setTimeout(CHECK_EVERY_MS);
  }
  return "late";
}
