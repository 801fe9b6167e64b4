import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** What a gateway counts, for Prometheus. */
export type Metrics = ReturnType<typeof createMetrics>;

/** Makes a gateway's metrics in a registry of their own, so that several gateways fit in one process. */
export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  return {
    registry,
    connections: new Gauge({
      name: "eddy_connections",
      help: "Sockets that are connected.",
      registers,
    }),
    roomsLive: new Gauge({
      name: "eddy_rooms_live",
      help: "Rooms that this gateway follows.",
      registers,
    }),
    accepted: new Counter({
      name: "eddy_accepted_total",
      help: "Facts that this gateway had accepted.",
      registers,
    }),
    delivered: new Counter({
      name: "eddy_delivered_total",
      help: "Facts times the sockets they were sent to.",
      registers,
    }),
    commands: new Counter({
      name: "eddy_commands_total",
      help: "Commands by name, transport and outcome (ok or error code).",
      labelNames: ["command", "transport", "outcome"],
      registers,
    }),
    ackSeconds: new Histogram({
      name: "eddy_ack_seconds",
      help: "From a command's arrival to its answer.",
      labelNames: ["command"],
      buckets: SECONDS,
      registers,
    }),
    deliverySeconds: new Histogram({
      name: "eddy_delivery_seconds",
      help: "From a fact's time to its push on this gateway; clocks of gateways must agree.",
      buckets: SECONDS,
      registers,
    }),
    gapRepairs: new Counter({
      name: "eddy_gap_repairs_total",
      help: "Times a feed read the log because a hint was missed.",
      registers,
    }),
    resets: new Counter({
      name: "eddy_resets_total",
      help: "Times a room's hot log was found to have lost state.",
      registers,
    }),
    unreadBytes: new Gauge({
      name: "eddy_unread_bytes",
      help: "What waits in this process because sockets have not read it.",
      registers,
    }),
    slowSockets: new Counter({
      name: "eddy_slow_sockets_total",
      help: "Times a socket that did not read was held, resumed or cut.",
      labelNames: ["verdict"],
      registers,
    }),
  };
}
