import { expect, test } from "@jest/globals";
import fc from "fast-check";

import { backoffMs, reconnectPolicy } from "../../client/backoff.ts";
import { seed } from "../simulation/seed.ts";

test(`a wait lies between nothing and the grown base, and never above the cap (seed ${seed})`, () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5_000 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (failures, chance) => {
        const wait = backoffMs(reconnectPolicy, { failures, random: () => chance });
        const { baseMs, capMs } = reconnectPolicy;
        expect(wait).toBeGreaterThanOrEqual(0);
        expect(wait).toBeLessThanOrEqual(Math.min(capMs, 1 + baseMs * 1.5 ** (failures - 1)));
      },
    ),
    { seed },
  );
});

test(`[G16] a hint is never undercut, and those who got the same one spread out (seed ${seed})`, () => {
  fc.assert(
    fc.property(
      fc.nat(100_000),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (hintMs, chance) => {
        const wait = backoffMs(reconnectPolicy, { failures: 9, hintMs, random: () => chance });
        expect(wait).toBeGreaterThanOrEqual(hintMs);
        expect(wait).toBeLessThanOrEqual(hintMs + reconnectPolicy.baseMs);
      },
    ),
    { seed },
  );
  const [early, late] = [0.1, 0.9].map((chance) =>
    backoffMs(reconnectPolicy, { failures: 1, hintMs: 1_000, random: () => chance }),
  );
  expect(early).not.toBe(late);
});

test("[G16] a gateway that is away for 2 s is found within 5 s of its end", () => {
  // The luckless client: each wait is as long as it may be.
  let at = 0;
  for (let failures = 1; at < 2_000; failures += 1) {
    at += backoffMs(reconnectPolicy, { failures, random: () => 0.999 });
  }
  expect(at).toBeLessThan(5_000);
});
