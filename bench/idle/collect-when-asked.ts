import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

// Loaded into a process before its own code, so that what is measured is what it keeps, not what the
// collector has not yet come to.
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
process.on("message", (message) => {
  if (message !== "collect") return;
  collect();
  process.send?.("collected");
});
