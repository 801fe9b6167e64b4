import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** A process of a benchmark's own. */
export interface NodeProcess {
  pid: number;
  /** What it said when it was ready. */
  ready: unknown;
  /** Gives it something to do and answers what it says next. Errors: when it ends instead. */
  ask: (request: unknown) => Promise<unknown>;
  /** Asks it to end; resolves when it has. */
  stop: () => Promise<void>;
}

/** Starts a TypeScript file as a process and resolves when it says that it is ready. */
export async function startNode(entry: URL, env: Record<string, string>): Promise<NodeProcess> {
  const profiles = process.env["CPU_PROF_DIR"];
  const profiling = profiles === undefined ? [] : ["--cpu-prof", "--cpu-prof-dir", profiles];
  const args = [...profiling, "--import", "tsx", fileURLToPath(entry)];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, LOG_LEVEL: "warn", ...env },
    // A worker of Eddy's ends when this process does, whose message channel breaks.
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const ready = await nextMessage(child);
  return {
    pid: child.pid ?? NaN,
    ready,
    ask: (request) => {
      const answer = nextMessage(child);
      child.send(request as object);
      return answer;
    },
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await gone;
    },
  };
}

function nextMessage(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null) => {
      reject(new Error(`${child.spawnargs.at(-1)} ended with ${code}`));
    };
    child.once("exit", onExit);
    child.once("message", (message) => {
      child.off("exit", onExit);
      resolve(message);
    });
  });
}
