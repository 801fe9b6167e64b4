import { setImmediate } from "node:timers/promises";

/**
 * Acts at a fixed rate, however long each takes, and answers each one's time from the moment it was
 * due (ms). Those who wait for an answer before they send again hide the queue that they would meet.
 * Polls instead of sleeping: a timer would wake up late, and the delay would be counted.
 */
export async function openLoop(
  act: () => Promise<unknown>,
  options: { perSecond: number; warmUpSeconds: number; seconds: number },
): Promise<number[]> {
  const { perSecond, warmUpSeconds, seconds } = options;
  const warmUps = perSecond * warmUpSeconds;
  const start = performance.now();
  const times: Promise<number>[] = [];
  while (times.length < warmUps + perSecond * seconds) {
    const due = start + (times.length * 1_000) / perSecond;
    while (performance.now() < due) await setImmediate();
    times.push(timeFrom(due, act));
  }
  return (await Promise.all(times)).slice(warmUps);
}

async function timeFrom(due: number, act: () => Promise<unknown>): Promise<number> {
  await act();
  return performance.now() - due;
}
