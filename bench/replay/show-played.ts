import type { Played } from "./play.ts";
import type { Script } from "./write-script.ts";

/** What is about to be played. */
export function showScript({ lines, users, lengthMs, counts }: Script): string {
  const notes = [
    ...(counts.systemLines > 0 ? [`${counts.systemLines} that nobody said left out`] : []),
    ...(counts.blank > 0 ? [`${counts.blank} of which nothing was left`] : []),
    ...(counts.cleaned > 0 ? [`${counts.cleaned} cleaned`] : []),
    ...(counts.split > 0 ? [`${counts.split} split`] : []),
  ];
  return `${number(lines.length)} messages of ${users} people in ${duration(lengthMs)} (${[`${number(counts.lines)} lines`, ...notes].join(", ")})`;
}

/** What became of it. */
export function showPlayed(script: Script, played: Played): string {
  const { accepted, stored, heard, seconds, behindMs, answersMs, sentAgain, troubles } = played;
  const ascending = answersMs.toSorted((a, b) => a - b);
  const at = (share: number) => ascending[Math.floor((ascending.length - 1) * share)] ?? 0;
  const behind =
    behindMs > 0 ? `, behind the log's own pace by ${milliseconds(behindMs)} at most` : "";
  const refusals = [...troubles.refusals].map(([code, times]) => `${code} ${times}×`);
  return [
    `sent ${number(script.lines.length)} · accepted ${number(accepted)} · stored ${number(stored)} · heard live ${number(heard)}`,
    `${seconds.toFixed(1)} s, ${(accepted / seconds).toFixed(1)} messages a second${behind}`,
    `accepted within ${milliseconds(at(0.5))} (median), ${milliseconds(at(0.99))} (99 %), ${milliseconds(at(1))} (slowest)`,
    `${troubles.connectionsLost} connections lost, ${sentAgain} messages sent again, refused for now: ${refusals.join(", ") || "none"}`,
    ...(stored < accepted ? ["Not everything was stored in time: does a worker run?"] : []),
    ...(played.heardAll ? [] : ["The listener was not told of everything in time."]),
  ].join("\n");
}

function number(value: number): string {
  return value.toLocaleString("en");
}

function milliseconds(value: number): string {
  return `${value < 10 ? value.toFixed(1) : number(Math.round(value))} ms`;
}

function duration(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
