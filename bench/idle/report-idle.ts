import type { Report } from "../benchmark.ts";
import { type Part, parts } from "../fan-out/design.ts";
import { ratioOf, show, showRatio, showSpread, spreadOf } from "../spread.ts";

/** What idle connections cost. */
export interface IdleLeg {
  connections: number;
  /** Bytes, without anyone and with all. */
  before: Record<Part, number>;
  after: Record<Part, number>;
  versions: Record<string, string>;
}

const GOAL = 0.85;

/** The table of what idle connections cost. The first way is Eddy's, the second what it is compared with. */
export function reportIdle(legs: Map<string, IdleLeg[]>): Report {
  const [[, eddy], [name, other]] = [...legs] as [[string, IdleLeg[]], [string, IdleLeg[]]];
  const ratio = ratioOf(eddy.map(perConnection), other.map(perConnection));
  const connections = eddy[0]?.connections ?? 0;
  const verdict =
    ratio.median <= GOAL
      ? `Goal reached (×${GOAL}).`
      : `**Goal missed**: ×${show(ratio.median)} instead of ×${GOAL}.`;
  return {
    title: "Idle connections: memory",
    claims: [
      `${connections.toLocaleString("en")} connections cost Eddy, all its state in every process included, ${showRatio(ratio)} the memory of ${name}. ${verdict}`,
    ],
    tables: [
      {
        title: "KB for each connection",
        columns: ["servers", "all", "to the second", ...parts, "all processes, MB"],
        rows: [...legs].map(([way, found]) => [
          way,
          showSpread(spreadOf(found.map((leg) => perConnection(leg) / 1_024))),
          showRatio(ratioOf(found.map(perConnection), other.map(perConnection))),
          ...parts.map((part) => show(spreadOf(found.map((leg) => growth(leg, part))).median)),
          show(spreadOf(found.map(({ after }) => sum(after) / 2 ** 20)).median),
        ]),
      },
    ],
    plots: [
      {
        title: "Memory for each idle connection, KB (less is better)",
        categories: ["all", ...parts],
        series: [...legs].map(([way, found]) => ({
          name: way,
          values: [
            spreadOf(found.map((leg) => perConnection(leg) / 1_024)).median,
            ...parts.map((part) => spreadOf(found.map((leg) => growth(leg, part))).median),
          ],
        })),
      },
    ],
    method: [
      "One gateway each, and new servers for every leg. Memory of every process with its children, before the first client and when all are there: what processes share is divided among them (PSS). What is garbage in gateways and workers is collected before both readings.",
      "Every connection is another person, has signed in and sits in a room with others, and nobody speaks. Eddy keeps their accounts, memberships and presence; Socket.IO knows a name.",
      "Socket.IO keeps the request of every handshake unless it is told not to, as few do; the third way does, and so does Eddy.",
    ],
    versions: eddy[0]?.versions ?? {},
  };
}

/** Bytes for each connection, in all parts. */
export function perConnection({ before, after, connections }: IdleLeg): number {
  return (sum(after) - sum(before)) / connections;
}

/** KB for each connection in one part. */
function growth({ before, after, connections }: IdleLeg, part: Part): number {
  return (after[part] - before[part]) / connections / 1_024;
}

function sum(memory: Record<Part, number>): number {
  return parts.reduce((all, part) => all + memory[part], 0);
}
