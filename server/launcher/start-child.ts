import { type ChildProcess, spawn } from "node:child_process";
import { closeSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { lastLines, openLogFile } from "../embedded/log-file.ts";
import { endLeftOver, type Ending, writePidFile } from "../embedded/os-process.ts";
import type { Running } from "./keep-running.ts";

/** What of Eddy runs as a process of its own, and where its entry is. */
const entries = { gateway: "../main", worker: "../../workers/main" } as const;

export type ChildName = keyof typeof entries;

/** A gateway or a worker that says it is ready. */
export interface Child extends Running {
  /** Where a gateway serves. */
  url: string;
}

/** A little longer than they take by themselves at most. */
const STOP = { signal: "SIGTERM", patienceMs: 12_000 } as const;
const START_DEADLINE_MS = 60_000;

/** Starts a gateway or a worker. Resolves when it is ready. Errors: with the end of its log. */
export async function startChild(
  name: ChildName,
  { dataDir, env }: { dataDir: string; env: Record<string, string> },
): Promise<Child> {
  const log = openLogFile(dataDir, name);
  const child = spawn(process.execPath, commandLine(name), {
    env: { ...process.env, ...env },
    // It stops by itself when nobody is at the other end of the channel any more.
    stdio: ["ignore", log.fd, log.fd, "ipc"],
    // A group of its own: Ctrl-C in the terminal comes to us alone, and we stop everything in order.
    detached: true,
  });
  closeSync(log.fd);
  if (child.pid !== undefined) writePidFile(pidFile(dataDir, name), child.pid);
  const stop = () => endChild(name, dataDir);
  try {
    return { child, url: await ready(child), stop };
  } catch (error) {
    await stop();
    throw new Error(
      `The ${name} did not start. ${log.file} ends with:\n${await lastLines(log.file)}`,
      { cause: error },
    );
  }
}

/** Ends a gateway or a worker that runs with a data folder. */
export async function endChild(
  name: ChildName,
  dataDir: string,
  ending: Ending = STOP,
): Promise<void> {
  await endLeftOver(pidFile(dataDir, name), ending);
}

function pidFile(dataDir: string, name: ChildName): string {
  return path.join(dataDir, `${name}.pid`);
}

/** From sources it runs as we do, through tsx; from a build it is plain JavaScript. */
function commandLine(name: ChildName): string[] {
  const ours = fileURLToPath(import.meta.url);
  const extension = path.extname(ours);
  const entry = path.resolve(path.dirname(ours), `${entries[name]}${extension}`);
  return extension === ".ts" ? ["--import", import.meta.resolve("tsx"), entry] : [entry];
}

function ready(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error("it took too long")), START_DEADLINE_MS);
    child.once("message", (message: { url?: string }) => {
      clearTimeout(late);
      resolve(message.url ?? "");
    });
    child.once("error", reject);
    child.once("exit", () => {
      clearTimeout(late);
      reject(new Error("it ended"));
    });
  });
}
