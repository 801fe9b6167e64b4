import { overCeiling, type UnreadCaps } from "../../feed/lag.ts";
import type { Metrics } from "../../metrics.ts";
import { Outflow, type OutflowPorts, type Wire } from "./outflow.ts";

/** Between two looks at what waits for all sockets: no socket has a timer of its own. */
const LOOK_EVERY_MS = 100;
/** Of so many looks one asks the clients how far they have read. */
const PROBE_EVERY = 5;

/** Looks after all sockets of a gateway, signed in or not, open or closing: what they do not read is bounded (G11). */
export interface SlowSockets {
  /** Begins to look after a socket; ends by itself when that is closed. */
  watch: (wire: Wire) => void;
  /** The outflow of a socket; watches it from now on if nobody did. */
  of: (wire: Wire) => Outflow;
  close: () => void;
}

export interface SlowSocketOptions {
  caps: UnreadCaps & { ceilingBytes: number };
  metrics: Metrics;
}

/** Begins to look after sockets. */
export function watchSlowSockets({ caps, metrics }: SlowSocketOptions): SlowSockets {
  const outflows = new Map<Wire, Outflow>();
  const ports: OutflowPorts = {
    caps,
    now: () => performance.now(),
    onVerdict: (verdict) => metrics.slowSockets.inc({ verdict }),
  };
  let looks = 0;
  const look = () => {
    looks += 1;
    let unread = 0;
    for (const [wire, outflow] of outflows) {
      if (looks % PROBE_EVERY === 0) outflow.probe();
      const waits = outflow.look();
      if (outflow.isClosed) outflows.delete(wire);
      else unread += waits;
    }
    metrics.unreadBytes.set(unread);
    if (unread <= caps.ceilingBytes) return;
    for (const outflow of overCeiling(outflows.values(), caps.ceilingBytes)) outflow.cut();
  };
  const timer = setInterval(look, LOOK_EVERY_MS);
  timer.unref();
  const watch = (wire: Wire): Outflow => {
    const outflow = new Outflow(wire, ports);
    outflows.set(wire, outflow);
    return outflow;
  };
  return {
    watch: (wire) => void watch(wire),
    of: (wire) => outflows.get(wire) ?? watch(wire),
    close: () => clearInterval(timer),
  };
}
