import { type ChildProcess, spawn } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { endWithUs } from "./end-with-us.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** A process of Eddy's own, started as in production. */
export interface RunningProcess {
  child: ChildProcess;
  /** Where a gateway serves; "" for others. */
  url: string;
  kill: (signal: NodeJS.Signals) => void;
  /** Resolves with the exit code when it is gone; null when a signal ended it. */
  exited: Promise<number | null>;
  /** All that it printed. */
  output: () => string;
}

/** Starts an entry point and resolves when it says that it is ready. Errors: with its output when it ends first. */
export async function startProcess(
  entry: "server/main.ts" | "workers/main.ts",
  env: Record<string, string>,
): Promise<RunningProcess> {
  const child = spawn(process.execPath, ["--import", "tsx", path.join(root, entry)], {
    cwd: root,
    env: {
      PATH: process.env["PATH"],
      HOME: process.env["HOME"],
      PORT: "0",
      LIMITS: "off",
      LOG_LEVEL: "warn",
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  if (child.pid !== undefined) endWithUs({ pid: child.pid });
  let output = "";
  const collect = (chunk: Buffer) => {
    output += chunk.toString();
  };
  child.stdout?.on("data", collect);
  child.stderr?.on("data", collect);
  const exited = new Promise<number | null>((resolve) => {
    child.once("close", resolve);
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.once("message", (message) => resolve((message as { url?: string }).url ?? ""));
    child.once("error", reject);
    child.once("close", (code) => reject(new Error(`${entry} ended with ${code}:\n${output}`)));
  });
  return { child, url, kill: (signal) => void child.kill(signal), exited, output: () => output };
}
