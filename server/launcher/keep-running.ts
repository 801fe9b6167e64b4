import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout } from "node:timers/promises";

/** A program that runs. */
export interface Running {
  child: ChildProcess;
  stop: () => Promise<void>;
}

const FIRST_DELAY_MS = 100;
const MOST_DELAY_MS = 10_000;
/** Who ran this long is healthy: its next end is a new trouble, not the same one. */
const HEALTHY_AFTER_MS = 30_000;

/**
 * Starts a program, and starts it again whenever it ends, ever slower while it keeps ending. Answers
 * how to stop it for good. Errors: when the first start fails.
 */
export async function keepRunning<T extends Running>(options: {
  name: string;
  /** Starts it; what ran before is given, to take its port over. */
  start: (before: T | null) => Promise<T>;
  say: (line: string) => void;
  /** From here on whatever ends stays ended: it may be on purpose. */
  signal: AbortSignal;
}): Promise<{ first: T; stop: () => Promise<void> }> {
  const { name, start, say, signal } = options;
  const stopping = new AbortController();
  const isOver = AbortSignal.any([stopping.signal, signal]);
  const first = await start(null);
  let current = first;

  const watch = async () => {
    let delayMs = FIRST_DELAY_MS;
    while (!isOver.aborted) {
      const startedAt = Date.now();
      const how = await endOf(current.child);
      if (isOver.aborted) return;
      if (Date.now() - startedAt > HEALTHY_AFTER_MS) delayMs = FIRST_DELAY_MS;
      say(`${name} ended (${how}): starting it again …`);
      await setTimeout(delayMs, undefined, { signal: isOver }).catch(() => {});
      if (isOver.aborted) return;
      delayMs = Math.min(delayMs * 2, MOST_DELAY_MS);
      try {
        current = await start(current);
        if (!isOver.aborted) say(`${name} runs again.`);
      } catch (error) {
        say(error instanceof Error ? error.message : String(error));
      }
    }
  };
  const watching = watch();

  return {
    first,
    stop: async () => {
      stopping.abort();
      // Not `watching` first: it waits for the very end that the stop brings about.
      await current.stop();
      await watching;
      // A start that was under way when the stop came.
      await current.stop();
    },
  };
}

async function endOf(child: ChildProcess): Promise<string> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return child.signalCode ?? `exit code ${child.exitCode}`;
}
