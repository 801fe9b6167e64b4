import { IncomingMessage } from "node:http";
import * as v8 from "node:v8";
import { runInNewContext } from "node:vm";

/** What a process holds once its garbage is collected. */
export interface Memory {
  heapBytes: number;
  /** HTTP requests. */
  requests: number;
}

// Loaded into a process before its own code, to tell what it holds.
v8.setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
/** Its types do not know it yet. */
const { queryObjects } = v8 as unknown as {
  queryObjects: (of: unknown, options: { format: "count" }) => number;
};
process.on("message", (message) => {
  if (message !== "memory") return;
  // What a finalizer let go in the first pass goes in the second.
  collect();
  collect();
  const requests = queryObjects(IncomingMessage, { format: "count" });
  const memory: Memory = { heapBytes: process.memoryUsage().heapUsed, requests };
  process.send?.({ type: "memory", memory });
});
