import { spawn } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { endWithUs } from "./end-with-us.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** A launcher that runs, or ran. */
export interface Launcher {
  /** Resolves with where it serves. Errors: when it ends first, with all that it printed. */
  url: Promise<string>;
  kill: (signal: NodeJS.Signals) => void;
  /** Resolves with the exit code when it is gone; null when a signal ended it. */
  exited: Promise<number | null>;
  /** All that it printed. */
  output: () => string;
}

const itself = [process.execPath, "--import", "tsx", path.join(root, "server/start.ts")];

/** Starts what `npm start` starts as its own process, on a free port; or npm itself. */
export function startLauncher(env: Record<string, string>, command = itself): Launcher {
  const [file = "", ...args] = command;
  const child = spawn(file, args, {
    cwd: root,
    env: {
      PATH: process.env["PATH"],
      HOME: process.env["HOME"],
      PORT: "0",
      LIMITS: "off",
      LOG_LEVEL: "warn",
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (child.pid !== undefined) endWithUs({ pid: child.pid });
  let output = "";
  const exited = new Promise<number | null>((resolve) => child.once("close", resolve));
  const url = new Promise<string>((resolve, reject) => {
    const collect = (chunk: Buffer) => {
      output += chunk.toString();
      const found = /Eddy is ready: open (\S+)/u.exec(output)?.[1];
      if (found !== undefined) resolve(found);
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    child.once("close", (code) => reject(new Error(`It ended with ${code}:\n${output}`)));
  });
  // Some tests are about a start that fails; they look at the output.
  url.catch(() => {});
  return { url, kill: (signal) => void child.kill(signal), exited, output: () => output };
}

/** The programs that run with a data folder: what their pid files note. */
export async function notedPids(dataDir: string): Promise<Record<string, number>> {
  const files = await readdir(dataDir, { recursive: true });
  const noted: Record<string, number> = {};
  for (const file of files.filter((name) => name.endsWith(".pid"))) {
    const text = await readFile(path.join(dataDir, file), "utf8");
    if (!text.startsWith("{")) continue;
    const { pid } = JSON.parse(text) as { pid: number };
    noted[file === path.join("redis", "eddy.pid") ? "redis" : path.basename(file, ".pid")] = pid;
  }
  return noted;
}

/** Whether a process runs; one that only waits to be collected does not. */
export async function runs(pid: number): Promise<boolean> {
  const state = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return state !== "" && !/\) [ZX] /u.test(state);
}
