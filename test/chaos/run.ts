import { setMaxListeners } from "node:events";
import { setTimeout } from "node:timers/promises";

import { type Load, noteViews, raiseCurtain, type Cast, unsettled } from "./cast.ts";
import { type CheckName, judge } from "./checks/checks.ts";
import type { Fault } from "./faults.ts";
import { type Backstage, noteFinalState, openBackstage, standingOf } from "./final-state.ts";
import { type History, historyOf, type Row } from "./history.ts";
import { readAll } from "./people/rest-reader.ts";
import { Recorder } from "./recorder.ts";
import { takeSamples } from "./samples.ts";
import { type Appointment, faultOf } from "./schedule.ts";
import { startStack, type Stack } from "./stack/stack.ts";

/** A run of everything, with faults. */
export interface RunOptions {
  seed: number;
  schedule: readonly Appointment[];
  /** How long it lasts at least (ms). */
  lastsMs: number;
  load: Load;
  appendfsync?: "always" | "everysec";
  /** It goes on until so many messages were accepted. */
  accepted?: number;
  onProgress: (line: string) => void;
}

export interface RunResult {
  recorder: Recorder;
  history: History;
  violations: Partial<Record<CheckName, string[]>>;
  /** From the last fault's end until everyone agreed (ms); null when they did not in time. */
  settledMs: number | null;
  /** From the first message to the last (ms). */
  lastedMs: number;
  /** What Eddy's processes printed. */
  output: string;
}

/** Within this time after the last fault all have to agree (ms). */
const SETTLE_MS = 15_000;
const POLL_MS = 100;
const TELL_EVERY_MS = 2_000;

/** Runs a schedule of faults against a stack under load, and judges its history. */
export async function runChaos(options: RunOptions): Promise<RunResult> {
  const { seed, schedule, load, lastsMs, onProgress, appendfsync = "everysec" } = options;
  const stack = await startStack({ appendfsync, onProgress });
  const recorder = new Recorder();
  const over = new AbortController();
  setMaxListeners(0, over.signal);
  const { url, jwtSecret } = stack;
  const scene = { url, jwtSecret, recorder, over: over.signal };
  const closers: (() => unknown)[] = [() => stack.close()];
  try {
    const backstage = await openBackstage(stack);
    closers.push(() => backstage.close());
    closers.push(takeSamples(stack, backstage, recorder));
    const cast = await raiseCurtain(scene, seed, load);
    closers.push(cast.close);
    const beganAt = recorder.now();
    const isDurable = appendfsync === "always";
    await keepAppointments({ stack, recorder, cast, isDurable, onProgress }, schedule, beganAt);
    await setTimeout(Math.max(0, lastsMs - (recorder.now() - beganAt)));
    while (acceptedIn(recorder.rows) < (options.accepted ?? 0)) await setTimeout(TELL_EVERY_MS);
    over.abort();
    const lastedMs = recorder.now() - beganAt;
    const settledMs = await settle(cast, backstage, recorder, onProgress);
    await cast.done;
    onProgress(settledMs === null ? "not settled in time" : `settled after ${settledMs} ms`);
    noteViews(scene, cast);
    for (const room of cast.rooms) {
      await readAll(scene, cast.auditor, room);
      await noteFinalState(backstage, recorder, room);
    }
    const history = historyOf(recorder.rows);
    const output = [...stack.gateways, ...stack.workers]
      .map(({ name, output: printed }) => `== ${name}\n${printed()}`)
      .join("\n");
    return { recorder, history, violations: judge(history), settledMs, lastedMs, output };
  } finally {
    over.abort();
    for (const close of closers.toReversed()) await close();
  }
}

interface Stage {
  stack: Stack;
  recorder: Recorder;
  cast: Cast;
  /** A Redis that is only killed loses nothing. */
  isDurable: boolean;
  onProgress: (line: string) => void;
}

/** How many messages were accepted; one that was sent again counts once. */
export function acceptedIn(rows: readonly Row[]): number {
  const accepted = new Set<string>();
  for (const row of rows) {
    if (row.kind === "answer" && row.outcome === "ok") accepted.add(`${row.user} ${row.clientId}`);
  }
  return accepted.size;
}

/**
 * Inflicts each fault when its time has come; some last while the next begins. On a slow machine a victim
 * may take longer to come back than was planned: the next fault of its kind waits for it. Errors: those
 * of a fault.
 */
async function keepAppointments(
  stage: Stage,
  schedule: readonly Appointment[],
  beganAt: number,
): Promise<void> {
  const underWay = new Map<Fault["target"], Promise<void>>();
  for (const appointment of schedule) {
    await setTimeout(Math.max(0, appointment.atMs - (stage.recorder.now() - beganAt)));
    const { target } = faultOf(appointment.name);
    const before = underWay.get(target) ?? Promise.resolve();
    underWay.set(
      target,
      before.then(() => inflict(stage, appointment)),
    );
  }
  await Promise.all(underWay.values());
}

async function inflict(
  { stack, recorder, cast, isDurable, onProgress }: Stage,
  { name, which, durationMs }: Appointment,
): Promise<void> {
  const fault = faultOf(name);
  const t = recorder.now();
  onProgress(`${name} (${which === 0 ? "a" : "b"}, ${durationMs} ms)`);
  // Noted at its beginning, for losses; its end is filled in.
  const row = { kind: "fault" as const, t, endedAt: t, name, target: fault.target };
  const losesRedis = isDurable ? fault.losesRedis === "always" : fault.losesRedis !== undefined;
  const noted = { ...row, losesRedis };
  recorder.rows.push(noted);
  await fault.inflict({ stack, which, durationMs, room: cast.room });
  noted.endedAt = recorder.now();
}

/** Waits until nothing is dirty and everyone sees the same. Answers how long that took, null when too long. */
async function settle(
  cast: Cast,
  backstage: Backstage,
  recorder: Recorder,
  onProgress: (line: string) => void,
): Promise<number | null> {
  const from = recorder.now();
  for (let toldAt = from; ;) {
    const standings = await Promise.all(cast.rooms.map((room) => standingOf(backstage, room)));
    const isStored = standings.every((one) => one !== null && one.head === one.stored);
    const heads = new Map(cast.rooms.map((room, i) => [room, standings[i]?.head ?? -1]));
    const took = Math.round(recorder.now() - from);
    const waiting = unsettled(cast, heads);
    if (isStored && waiting.length === 0) return took;
    if (recorder.now() - toldAt > TELL_EVERY_MS) {
      toldAt = recorder.now();
      onProgress(`waits for ${[...(isStored ? [] : ["the workers"]), ...waiting].join(", ")}`);
    }
    if (took > SETTLE_MS) return null;
    await setTimeout(POLL_MS);
  }
}
