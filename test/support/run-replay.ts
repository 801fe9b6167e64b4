import { spawn } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { endWithUs } from "./end-with-us.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** How a run of `npm run replay` ended, and all that it printed. */
export interface ReplayRun {
  code: number | null;
  output: string;
}

/** Runs the replay as a person would, in a process of its own. */
export async function runReplay(...args: string[]): Promise<ReplayRun> {
  const main = path.join(root, "bench/replay/main.ts");
  const child = spawn(process.execPath, ["--import", "tsx", main, ...args], {
    cwd: root,
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"] },
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (child.pid !== undefined) endWithUs({ pid: child.pid });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, output })));
}
