import type { Report } from "../benchmark.ts";
import { ratioOf, show, showRatio, showSpread, spreadOf } from "../spread.ts";
import type { Table } from "../table.ts";
import { parts } from "./design.ts";
import { judge } from "./judge.ts";
import { plotLegs } from "./plot-legs.ts";
import type { Load, Scenario } from "./scenario.ts";
import { isSaturated, type Leg } from "./side.ts";

/** Legs by design, round by round. The first design is Eddy's, the second the one to compare with. */
export type Legs = Map<string, Leg[]>;

/** The tables and ratios of a scenario. */
export function reportFanOut(found: {
  scenario: Scenario;
  found: { load: Load; legs: Legs }[];
  versions: Record<string, string>;
}): Report {
  const { scenario, versions } = found;
  return {
    title: scenario.title,
    claims: [
      ...found.found.map(({ load, legs }) => judge(load, legs)),
      wholeness(found),
      ...losses(found),
    ],
    tables: found.found.flatMap(({ load, legs }) => [
      ratesTable(load, legs),
      costsTable(load, legs),
    ]),
    plots: plotLegs(found.found),
    profile: scenario.profile,
    method: [
      `${people(scenario)} Each is a WebSocket of its own that signs in and enters by the server's own protocol; all of them are one process, which reads every byte, compares each frame with what its neighbours got, and checks the order.`,
      "Every design has two gateways, and a Redis (and where it stores, a worker and a PostgreSQL) of its own, all with the settings of `npm start`; what stores nothing has no append-only file. All in turns, the order turned round every round; medians, with the least and the most of the rounds in brackets. A ratio is divided round by round.",
      "Open loop: a message is due at its time whatever the server does, and late from then on. Latency is from due to read by a member, sampled with a prime stride; that of the acknowledgement from due to read by its speaker.",
      "CPU time is that of every process of the servers, from /proc, while everything was under way; the first seconds are not measured. Saturated: under 97 % of what was due had come when speaking ended; what such a server still had in its queues has no part in its latencies, and its next leg gets new servers.",
      "The clients share the machine with the servers. They poll instead of sleeping, for a sleeping client makes the server's writes dearer; their cores are those they burnt, and in brackets the share of the time in which they had work. The cores of others should be next to none: where they are not, something else ran on the machine.",
      "Socket.IO: WebSocket only, no compression, the handshake's request let go, one emit for each message. Bare ws: one frame for all of a room, written past ws; no heartbeats, no recovery: the limit of one write for each delivery. ejabberd is not part of it.",
    ],
    versions,
  };
}

function people({ rooms, membersPerRoom, speakersPerRoom }: Scenario): string {
  const where = rooms === 1 ? "One room" : `${rooms} rooms`;
  return `${where} of ${membersPerRoom.toLocaleString("en")} members; ${speakersPerRoom} of each speak in turn, 120 bytes of text.`;
}

/** Only what is whole gets this far, unless a server was saturated. */
function wholeness({ found }: { found: { legs: Legs }[] }): string {
  const legs = found.flatMap(({ legs: [first] = [] }) => first?.[1] ?? []);
  const eddys = found.flatMap((each) => [...each.legs.values()][0] ?? legs);
  const messages = eddys.reduce((sum, leg) => sum + leg.messages, 0);
  const whole = eddys.filter(({ isWhole }) => isWhole);
  return whole.length === eddys.length
    ? `Every member got every one of Eddy's ${messages.toLocaleString("en")} messages, once and in order, and all of them were in Postgres.`
    : `In ${eddys.length - whole.length} of ${eddys.length} legs Eddy was saturated, and not every member had every message in time.`;
}

/** Designs that kept up, and yet brought someone less than all or in another order. */
function losses({ found }: { found: { load: Load; legs: Legs }[] }): string[] {
  return found.flatMap(({ load, legs }) =>
    [...legs].flatMap(([name, all]) => {
      const spoilt = all.filter((leg) => !leg.isWhole && !isSaturated(leg)).length;
      return spoilt === 0
        ? []
        : [
            `${name} lost messages or their order in ${spoilt} of ${all.length} legs at ${load.perSecond.toLocaleString("en")} messages/s, though it kept up.`,
          ];
    }),
  );
}

function ratesTable(load: Load, legs: Legs): Table {
  const [, other = []] = legs.values();
  return {
    title: `${load.perSecond.toLocaleString("en")} messages/s`,
    columns: [
      "design",
      "deliveries per CPU-second",
      "to the second",
      "delivered per second",
      "p50 ms",
      "p99 ms",
      "ack p50 ms",
      "ack p99 ms",
      "servers' cores",
      "clients' cores",
      "others' cores",
    ],
    rows: [...legs].map(([design, found]) => [
      design,
      spread(found, (leg) => leg.perCpuSecond),
      showRatio(ratioOf(found.map(perCpuSecond), other.map(perCpuSecond))),
      delivered(found),
      spread(found, (leg) => leg.p50Ms),
      spread(found, (leg) => leg.p99Ms),
      spread(found, (leg) => leg.ackP50Ms),
      spread(found, (leg) => leg.ackP99Ms),
      show(median(found, (leg) => leg.cores)),
      `${show(median(found, (leg) => leg.clientCores))} (${show(median(found, (leg) => leg.clientBusy))})`,
      show(median(found, (leg) => leg.otherCores)),
    ]),
  };
}

function delivered(found: Leg[]): string {
  const rate = show(median(found, (leg) => leg.perSecond));
  const keptUp = median(found, (leg) => leg.keptUp);
  return isSaturated({ keptUp }) ? `${rate}, saturated: ${Math.round(keptUp * 100)} %` : rate;
}

/** Microseconds of CPU for each delivery, by process: what to work on next. */
function costsTable(load: Load, legs: Legs): Table {
  return {
    title: `${load.perSecond.toLocaleString("en")} messages/s: where the CPU time goes`,
    columns: ["CPU µs per delivery", ...parts],
    rows: [...legs].map(([design, found]) => [
      design,
      ...parts.map((part) => spread(found, ({ cpuUs }) => cpuUs[part])),
    ]),
  };
}

function spread(found: Leg[], of: (leg: Leg) => number): string {
  return showSpread(spreadOf(found.map(of)));
}

function median(found: Leg[], of: (leg: Leg) => number): number {
  return spreadOf(found.map(of)).median;
}

function perCpuSecond(leg: Leg): number {
  return leg.perCpuSecond;
}
