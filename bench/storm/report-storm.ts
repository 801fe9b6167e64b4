import type { Report } from "../benchmark.ts";
import { ratioOf, show, showRatio, showSpread, spreadOf } from "../spread.ts";

/** What it took to serve everyone who came back at once. */
export interface StormLeg {
  clients: number;
  missed: number;
  /** From the first connection to the last reply, and to half of them. */
  allMs: number;
  p50Ms: number;
  /** The same reads without clients, sockets or rights, until the last has its page. */
  readsMs: number;
  redisCommands: number;
  /** CPU-seconds. */
  gatewaySeconds: number;
  storeSeconds: number;
  versions: Record<string, string>;
}

const SERVED_WITHIN_MS = 3_000;
const READS = 15;

/** The table of storms. The first way is Eddy's, the second what it is compared with. */
export function reportStorm(legs: Map<string, StormLeg[]>): Report {
  const [[, eddy], [name, other]] = [...legs] as [[string, StormLeg[]], [string, StormLeg[]]];
  const { clients = 0, missed = 0, versions = {} } = eddy[0] ?? {};
  const ratio = (of: (leg: StormLeg) => number) => showRatio(ratioOf(other.map(of), eddy.map(of)));
  const spread = (found: StormLeg[], of: (leg: StormLeg) => number) =>
    showSpread(spreadOf(found.map(of)));
  const slowest = spreadOf(eddy.map(({ allMs }) => allMs)).median;
  const verdict =
    slowest <= SERVED_WITHIN_MS
      ? "Goal reached (3 s)."
      : `**Goal missed**: ${show(slowest / 1_000)} s instead of 3 s.`;
  const reads = ratioOf(other.map(readsMs), eddy.map(readsMs));
  const readsVerdict =
    reads.median >= READS
      ? `Goal reached (×${READS}).`
      : `**Goal missed**: ×${show(reads.median)} instead of ×${READS}.`;
  return {
    title: "Reconnect storm",
    claims: [
      `${clients.toLocaleString("en")} clients connect at once, each having missed ${missed} messages: Eddy has served all of them after ${show(slowest / 1_000)} s. ${verdict}`,
      `Where ${name}, the reads alone take ${showRatio(reads)} the time of Eddy's, and all are served after ${ratio(({ allMs }) => allMs)} the time. ${readsVerdict}`,
    ],
    tables: [
      {
        title: "Everyone comes back",
        columns: [
          "server",
          "the reads alone, ms",
          "all served, ms",
          "half served, ms",
          "gateway CPU, ms",
          "stores' CPU, ms",
          "Redis commands for each client",
        ],
        rows: [...legs].map(([way, found]) => [
          way,
          spread(found, readsMs),
          spread(found, ({ allMs }) => allMs),
          spread(found, ({ p50Ms }) => p50Ms),
          spread(found, ({ gatewaySeconds }) => gatewaySeconds * 1_000),
          spread(found, ({ storeSeconds }) => storeSeconds * 1_000),
          spread(found, ({ redisCommands }) => redisCommands / clients),
        ]),
      },
    ],
    plots: [
      {
        title: "From the first connection to the last reply, ms (less is better)",
        categories: [`${clients.toLocaleString("en")} clients, ${missed} messages each`],
        series: [...legs].map(([way, found]) => ({
          name: way,
          values: [spreadOf(found.map(({ allMs }) => allMs)).median],
        })),
      },
    ],
    method: [
      "One gateway and new servers for every leg; in turns, medians with the least and the most in brackets.",
      "Everyone has been in the room before; then 200 messages are said (and where there is a place to store them, stored) while nobody is there. All clients open a WebSocket at the same moment, sign in, and enter with their cursor. Every reply is checked to hold all 200 messages.",
      "The reads alone: as many at once as there are clients, in one process over the connections of a gateway, by the function that Eddy enters a room with, or a query each.",
      "The time holds the connecting, the tokens, and the clients' own reading of the replies on the same machine. Eddy also looks up rights and memberships, and tells who is here; the peers only read messages.",
    ],
    versions,
  };
}

function readsMs(leg: StormLeg): number {
  return leg.readsMs;
}
