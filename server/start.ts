import { killAll } from "./launcher/left-overs.ts";
import { type Plan, readPlan } from "./launcher/plan.ts";
import { runEddy } from "./launcher/run-eddy.ts";

const WATCH_EVERY_MS = 250;

await main();

/** `npm start`: all of Eddy on one machine, with its own stores where none are configured. */
async function main(): Promise<void> {
  // A terminal that was closed must not end us before everything is stopped.
  process.stdout.on("error", () => {});
  process.stderr.on("error", () => {});
  const stopping = new AbortController();
  try {
    const plan = readPlan(process.env);
    onSignals(plan, stopping);
    await runEddy(plan, { say, signal: stopping.signal });
  } catch (error) {
    if (!stopping.signal.aborted) {
      console.error(sentence(error));
      process.exit(1);
    }
  }
  say("Eddy is stopped.");
  process.exit(0);
}

/** The first asks for an orderly stop, the second does not wait for it. */
function onSignals(plan: Plan, stopping: AbortController): void {
  const onSignal = () => {
    if (!stopping.signal.aborted) {
      say("Stopping … (once more to stop at once)");
      stopping.abort();
      return;
    }
    killAll(plan.dataDir).then(exitAtOnce, exitAtOnce);
  };
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, onSignal);
  whenNpmEnds(() => {
    if (!stopping.signal.aborted) onSignal();
  });
}

/** npm hands a SIGTERM to the shell between us, which dies of it and says nothing to us. */
function whenNpmEnds(stop: () => void): void {
  if (process.env["npm_lifecycle_event"] !== "start") return;
  const shell = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === shell) return;
    clearInterval(watch);
    stop();
  }, WATCH_EVERY_MS);
  watch.unref();
}

function exitAtOnce(): void {
  process.exit(130);
}

function say(line: string): void {
  console.info(line);
}

/** What went wrong and why, in one line; nobody reads a stack to learn that a port is taken. */
function sentence(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Node gives refused connections no message, only a code.
  const { message, code = error.name } = error as NodeJS.ErrnoException;
  const said = message === "" ? code : message;
  return error.cause instanceof Error ? `${said} (${sentence(error.cause)})` : said;
}
