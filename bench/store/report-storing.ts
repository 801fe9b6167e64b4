import type { Report } from "../benchmark.ts";
import { ratioOf, show, showRatio, showSpread, spreadOf } from "../spread.ts";
import type { Table } from "../table.ts";
import { IN_FLIGHT, PACED_PER_SECOND } from "./loads.ts";
import { type Leg, parts } from "./side.ts";

/** Legs by way, round by round. The first way is Eddy's. */
export type Legs = Map<string, Leg[]>;

/** The tables and ratios of storing. */
export function reportStoring(found: {
  saturated: Legs;
  paced: Legs;
  versions: Record<string, string>;
}): Report {
  const { saturated, paced, versions } = found;
  return {
    title: "Storing messages: one drain over many rooms against one job and one INSERT each",
    claims: [claim("Saturated", saturated), claim(`At ${PACED_PER_SECOND} messages/s`, paced)],
    tables: [
      ratesTable("Saturated", saturated),
      costsTable("Saturated: where the CPU time goes", saturated),
      ratesTable(`Paced, ${PACED_PER_SECOND} messages/s`, paced),
      costsTable(`Paced, ${PACED_PER_SECOND} messages/s: where the CPU time goes`, paced),
    ],
    method: [
      "Each way has a producer process, a worker process, a Redis and a PostgreSQL of its own, with the settings of `npm start`; only the one that is measured has work.",
      "All ways over the same 100 rooms, 120 bytes of text, in turns, the order turned round every round; medians, with the least and the most of the rounds in brackets. A ratio is divided round by round.",
      `Saturated: ${IN_FLIGHT} messages in flight at the producer. A leg ends when nothing waits any more; CPU time of the four, with the children of Postgres, is read from /proc.`,
      "Paced: the producer wakes up every millisecond; what that costs is in every way's figures and makes the ratios smaller.",
      "After every leg the messages in Postgres are counted, and Eddy's logs checked to be 1..n in every room; one message lost or doubled ends the run.",
      "Lag: from the time a message was said to the commit time that Postgres noted for its row (track_commit_timestamp, on both sides).",
      "One job and one INSERT: BullMQ, 50 jobs at once, postgres.js with 10 connections, a table with a primary key and one index; it only stores. The third way first does what an append of Eddy's does, as separate commands (see `append`). Eddy's figures hold all of that, the hot log, its trimming, and the counts and indexes that reading needs.",
    ],
    versions,
  };
}

function claim(when: string, legs: Legs): string {
  const [eddy = [], ...others] = legs.values();
  const [bare = "", withEffects] = others.map((other) =>
    showRatio(ratioOf(eddy.map(perCpuSecond), other.map(perCpuSecond))),
  );
  const equal = withEffects === undefined ? "" : `, and ${withEffects} when those do as much`;
  const stored = [...legs.values()].flat().reduce((sum, { messages }) => sum + messages, 0);
  return `${when}: Eddy stores ${bare} the messages per CPU-second of one job and one INSERT each${equal}. All ${show(stored)} accepted messages were in Postgres: 0 lost.`;
}

function ratesTable(title: string, legs: Legs): Table {
  const [, byHand = []] = legs.values();
  return {
    title,
    columns: [
      "way",
      "messages per CPU-second",
      "to one job each",
      "stored per second",
      "lag p50 ms",
      "lag p99 ms",
      "messages, all stored",
    ],
    rows: [...legs].map(([way, found]) => [
      way,
      showSpread(spreadOf(found.map(perCpuSecond))),
      showRatio(ratioOf(found.map(perCpuSecond), byHand.map(perCpuSecond))),
      showSpread(spreadOf(found.map(({ messages, seconds }) => messages / seconds))),
      showSpread(spreadOf(found.map(({ lag }) => lag.p50Ms))),
      showSpread(spreadOf(found.map(({ lag }) => lag.p99Ms))),
      show(found.reduce((sum, { messages }) => sum + messages, 0)),
    ]),
  };
}

/** Microseconds of CPU per message, by process: what to work on next. */
function costsTable(title: string, legs: Legs): Table {
  return {
    title,
    columns: ["CPU µs per message", ...parts],
    rows: [...legs].map(([way, found]) => [
      way,
      ...parts.map((part) =>
        showSpread(spreadOf(found.map(({ cpu, messages }) => (cpu[part] / messages) * 1e6))),
      ),
    ]),
  };
}

/** Messages for each second of CPU time, over all four. */
export function perCpuSecond({ messages, cpu }: Leg): number {
  return messages / parts.reduce((sum, part) => sum + cpu[part], 0);
}
