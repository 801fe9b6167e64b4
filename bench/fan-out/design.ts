import type { Dialect } from "../crowd/dialect.ts";
import type { NodeProcess } from "../start-node.ts";

/** A way to bring what is said in a room to everyone there, over two gateways. */
export interface Design {
  name: string;
  /** Whether it is Eddy, of which nothing may be lost. */
  isOurs: boolean;
  dialect: Dialect;
  /** Starts its servers, and makes rooms. */
  start: (rooms: number) => Promise<Running>;
}

/** A design's servers. */
export interface Running {
  rooms: string[];
  gateways: NodeProcess[];
  /** Null where nothing is stored. */
  worker: NodeProcess | null;
  /** All its processes, by what they are: none of its work is left out. */
  pids: Record<Part, number[]>;
  redisUrl: string;
  /** Null where there is no PostgreSQL. */
  databaseUrl: string | null;
  versions: Record<string, string>;
  /**
   * Resolves when nothing waits to be stored. Errors: when not everything was stored that should be,
   * of so many messages in all.
   */
  settle: (accepted: number) => Promise<void>;
  close: () => Promise<void>;
}

export const parts = ["gateways", "worker", "redis", "postgres"] as const;
export type Part = (typeof parts)[number];

/** Where a gateway listens. */
export function portOf({ ready }: NodeProcess): number {
  return (ready as { port: number }).port;
}
