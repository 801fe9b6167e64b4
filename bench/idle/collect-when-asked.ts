import { setTimeout } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

// Loaded into a process before its own code, so that what is measured is what it keeps, not what the
// collector has not yet come to.
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** What a finalizer lets go in one pass goes in the next, and pages that are empty then go after that. */
const PASSES = 4;
const BETWEEN_PASSES_MS = 200;

process.on("message", (message) => {
  if (message === "collect") void collectAll();
});

async function collectAll(): Promise<void> {
  for (let pass = 0; pass < PASSES; pass += 1) {
    collect();
    await setTimeout(BETWEEN_PASSES_MS);
  }
  process.send?.("collected");
}
