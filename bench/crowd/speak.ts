import type { Crowd } from "./crowd.ts";
import { Deliveries } from "./deliveries.ts";

/** How much is said to a crowd. */
export interface Speech {
  perSecond: number;
  warmUpSeconds: number;
  /** What is measured, after the warm-up. */
  seconds: number;
}

/** What a crowd heard while it was measured. */
export interface Heard {
  /** Deliveries while it was measured, those that were late from before included. */
  deliveries: number;
  seconds: number;
  /** Share of what was due that had come when speaking ended; under 1 when a server cannot keep up. */
  keptUp: number;
  /** From due to heard, sampled (ms, unordered). */
  latenciesMs: number[];
  /** From due to acknowledged (ms, unordered). */
  acksMs: number[];
  /** Share of one core that the clients had work for, all the rest of their polling aside. */
  clientBusy: number;
  /** Cores that the clients used, polling and all. */
  clientCores: number;
}

/** What is still under way when speaking ends has this long to come. */
const GRACE_MS = 4_000;

/**
 * Says messages at a fixed rate, whatever the server does: who waits for an answer before they speak
 * again hides the queue they would meet. Polls instead of sleeping: a client that sleeps takes longer
 * to read, and that is charged to the server that writes.
 */
export async function speakTo(
  crowd: Crowd,
  speech: Speech,
  onWindow: { begin: () => void; end: () => void },
): Promise<Heard> {
  const { perSecond, warmUpSeconds, seconds } = speech;
  const startMs = performance.now();
  const fromMs = startMs + warmUpSeconds * 1_000;
  const untilMs = fromMs + seconds * 1_000;
  const listeners = crowd.members.length;
  const perMessage = listeners / new Set(crowd.members.map(({ place }) => place.room)).size;
  const deliveries = new Deliveries({ expected: perSecond * seconds * perMessage, fromMs });
  crowd.listen(deliveries);
  let begun: { count: number; expected: number; atMs: number } | null = null;
  let usage = process.cpuUsage();
  let busyMs = 0;
  let lastMs = startMs;
  let lastCount = 0;
  let lastSaid = 0;
  await poll(() => {
    const nowMs = performance.now();
    if (begun === null && nowMs >= fromMs) {
      onWindow.begin();
      begun = { count: deliveries.count, expected: crowd.expected, atMs: nowMs };
      usage = process.cpuUsage();
      busyMs = 0;
    }
    // A turn of the loop in which something was read or said was work, the others were waiting.
    if (deliveries.count > lastCount || crowd.said > lastSaid) busyMs += nowMs - lastMs;
    [lastMs, lastCount, lastSaid] = [nowMs, deliveries.count, crowd.said];
    const dueMs = () => startMs + (crowd.said * 1_000) / perSecond;
    while (dueMs() < Math.min(nowMs, untilMs)) crowd.say(dueMs());
    return nowMs < untilMs;
  });
  onWindow.end();
  const endMs = performance.now();
  const { user, system } = process.cpuUsage(usage);
  const { count, expected, atMs } = begun ?? { count: 0, expected: 0, atMs: startMs };
  const heard = {
    deliveries: deliveries.count - count,
    seconds: (endMs - atMs) / 1_000,
    keptUp: Math.min(1, (deliveries.count - count) / (crowd.expected - expected)),
    clientBusy: busyMs / (endMs - atMs),
    clientCores: (user + system) / 1_000 / (endMs - atMs),
  };
  await poll(() => deliveries.count < crowd.expected && performance.now() < untilMs + GRACE_MS);
  return { ...heard, latenciesMs: deliveries.latenciesMs, acksMs: crowd.ackLatencies(fromMs) };
}

function poll(step: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const turn = () => {
      try {
        if (step()) setImmediate(turn);
        else resolve();
      } catch (error) {
        reject(error);
      }
    };
    turn();
  });
}
