import type { Report } from "../benchmark.ts";
import { ratioOf, show, showRatio, showSpread, spreadOf } from "../spread.ts";

/** A room with or without clients that never read. */
export interface HungLeg {
  /** The most memory that the gateways had. */
  peakBytes: number;
  /** Latency of those who read. */
  p50Ms: number;
  p99Ms: number;
  /** Whether all who read got everything, in order. */
  isWhole: boolean;
  versions: Record<string, string>;
}

const MB = 2 ** 20;
const MOST_MORE_MB = 150;
const MOST_LATER = 1.5;

/** Pairs of ways: one design without and with clients that never read, then the next. Eddy's come first. */
export function reportHung(
  legs: Map<string, HungLeg[]>,
  scale: { readers: number; hung: number; perSecond: number; seconds: number },
): Report {
  const all = [...legs];
  const [[, without], [, hung]] = all as [[string, HungLeg[]], [string, HungLeg[]]];
  const more = spreadOf(moreMegabytes(hung, without)).median;
  const later = ratioOf(hung.map(p99), without.map(p99));
  const misses = [
    ...(more > MOST_MORE_MB ? [`${show(more)} MB instead of ${MOST_MORE_MB} MB`] : []),
    ...(later.median > MOST_LATER ? [`p99 ×${show(later.median)} instead of ×${MOST_LATER}`] : []),
  ];
  const verdict =
    misses.length === 0
      ? `Goal reached (${MOST_MORE_MB} MB, ×${MOST_LATER}).`
      : `**Goal missed**: ${misses.join("; ")}.`;
  const whole = [...without, ...hung].every(({ isWhole }) => isWhole);
  return {
    title: "Clients that never read",
    claims: [
      `${scale.hung} clients that never read cost Eddy's gateways ${show(more)} MB, and make the p99 of the ${scale.readers} others ${showRatio(later)}. ${verdict}`,
      whole
        ? "Everyone who read got every message, in order."
        : "**Not everyone who read got every message in time.**",
    ],
    tables: [
      {
        title: `${scale.readers} members who read, ${scale.perSecond} messages/s of 4 KB`,
        columns: [
          "servers",
          "gateways at most, MB",
          "more, MB",
          "p50 ms",
          "p99 ms",
          "p99, to without",
        ],
        rows: all.map(([way, found], i) => {
          const base = all[i - (i % 2)]?.[1] ?? found;
          return [
            way,
            showSpread(spreadOf(found.map(({ peakBytes }) => peakBytes / MB))),
            showSpread(spreadOf(moreMegabytes(found, base))),
            showSpread(spreadOf(found.map(({ p50Ms }) => p50Ms))),
            showSpread(spreadOf(found.map(p99))),
            showRatio(ratioOf(found.map(p99), base.map(p99))),
          ];
        }),
      },
    ],
    plots: [
      {
        title: "Memory of the gateways at most, MB (less is better)",
        categories: ["everyone reads", `and ${scale.hung} that never do`],
        series: all
          .filter((_, i) => i % 2 === 0)
          .map(([design, found], i) => ({
            name: design,
            values: [found, all[i * 2 + 1]?.[1] ?? []].map(
              (each) => spreadOf(each.map(({ peakBytes }) => peakBytes / MB)).median,
            ),
          })),
      },
    ],
    method: [
      `Two gateways and new servers for every leg; in turns, medians with the least and the most in brackets. ${scale.seconds} s each, after a warm-up.`,
      "Those who never read connect, enter the room and then take nothing off their sockets: what a hung browser or a dead link does. The texts are long, so that what they leave soon exceeds what the kernel holds for them.",
      "Memory is that of both gateways (RSS), read four times a second; the kernel's own buffers are not in it. Latency is that of those who read, open loop, from due to read.",
    ],
    versions: without[0]?.versions ?? {},
  };
}

function moreMegabytes(these: HungLeg[], those: HungLeg[]): number[] {
  return these.map(({ peakBytes }, round) => (peakBytes - (those[round]?.peakBytes ?? NaN)) / MB);
}

function p99({ p99Ms }: HungLeg): number {
  return p99Ms;
}
