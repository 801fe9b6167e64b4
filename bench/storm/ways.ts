import type { CommandOutput } from "../../protocol/commands.ts";
import type { Dialect } from "../crowd/dialect.ts";
import { eddyDialect } from "../crowd/eddy-dialect.ts";
import { peerDialect } from "../crowd/peer-dialects.ts";
import type { Running } from "../fan-out/design.ts";
import { startEddy } from "../fan-out/eddy.ts";
import { startPeer } from "../fan-out/peer.ts";
import { openEddyReads, openPostgresReads, openRedisReads, type Reads } from "./reads.ts";
import type { Destination } from "./returning.ts";

/** A server that people come back to. */
export interface Way {
  name: string;
  dialect: Dialect;
  start: () => Promise<Running>;
  asked: Pick<Destination, "event" | "input" | "cursorOf">;
  /** The reading alone, as its gateway does it, in this process. */
  openReads: (running: Running) => Promise<Reads>;
}

/** A page for all who ask for the same one. */
export const eddyWay: Way = {
  name: "Eddy",
  dialect: eddyDialect,
  start: () => startEddy({ rooms: 1, gateways: 1 }),
  asked: {
    event: "room:enter",
    input: (room, since) => ({ room, ...(since === null ? {} : { since }) }),
    cursorOf: (reply) => {
      const [{ epoch, head }] = JSON.parse(reply) as [CommandOutput<"room:enter">];
      return { epoch, seq: head };
    },
  },
  openReads: openEddyReads,
};

const peerAsked: Way["asked"] = {
  event: "join",
  // Nothing had been said when they left.
  input: (room, cursor) => ({ room, ...(cursor === null ? {} : { since: "0" }) }),
  cursorOf: () => ({}),
};

/** A page read from Redis for each. */
export const eachFromRedis: Way = {
  name: "each reads a stream of Redis",
  dialect: peerDialect,
  start: () =>
    startPeer(new URL("../peers/history-in-redis.ts", import.meta.url), 1, { gateways: 1 }),
  asked: peerAsked,
  openReads: openRedisReads,
};

/** A page read from Postgres for each. */
export const eachFromPostgres: Way = {
  name: "each reads Postgres",
  dialect: peerDialect,
  start: () =>
    startPeer(new URL("../peers/history-in-postgres.ts", import.meta.url), 1, {
      gateways: 1,
      withPostgres: true,
    }),
  asked: peerAsked,
  openReads: openPostgresReads,
};
