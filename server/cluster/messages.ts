import type { IncomingHttpHeaders } from "node:http";

/** The variable that tells a gateway that it is one of several, and which. */
export const NAME_VARIABLE = "EDDY_GATEWAY";

/** From one of several gateways to the process that runs them. */
export type FromGateway =
  /** It takes what others pass on at this port of the loopback. */
  | { type: "joins"; privatePort: number }
  | { type: "ready"; url: string; port: number }
  /** The connection that it was sent is its own now. */
  | { type: "took" }
  /** It takes no more connections. */
  | { type: "leaves" }
  /** Comes with the connection. */
  | { type: "upgrade"; to: string; upgrade: Upgrade };

/** To one of several gateways. */
export type ToGateway =
  /** Where everyone takes what others pass on, by name. */
  | { type: "siblings"; privatePorts: Record<string, number> }
  /** Comes with the connection; it was never read from. */
  | { type: "connection" }
  /** Comes with the connection; its request was read. */
  | { type: "upgrade"; upgrade: Upgrade };

/** A request to become a WebSocket, as it travels beside its connection. */
export interface Upgrade {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  /** What the client sent behind its request, in base64. */
  head: string;
}
