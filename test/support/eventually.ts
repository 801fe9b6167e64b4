import { setTimeout } from "node:timers/promises";

const POLL_MS = 15;

/** Waits until a check passes, and answers what it answers. The only way to wait in a test. Errors: the check's last. */
export async function eventually<T>(
  check: () => T | Promise<T>,
  options: { withinMs?: number } = {},
): Promise<T> {
  const deadline = Date.now() + (options.withinMs ?? 5_000);
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() >= deadline) throw error;
    }
    await setTimeout(POLL_MS);
  }
}
