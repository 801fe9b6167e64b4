import { expect, test } from "@jest/globals";

import { Refusal } from "../../protocol/errors.ts";
import { Admission } from "../../server/transport/sockets/admission.ts";

/** An admission of ten at once and twenty in line, on a clock of its own; enterings end when told to. */
function openAdmission() {
  const clock = { nowMs: 1_000 };
  const admission = new Admission({
    atOnce: 10,
    mostWaiting: 20,
    now: () => clock.nowMs,
    random: () => 0,
  });
  const inside: ((how: "in" | Error) => void)[] = [];
  const enter = () =>
    admission.enter(
      () =>
        new Promise<string>((resolve, reject) => {
          inside.push((how) => (how === "in" ? resolve(how) : reject(how)));
        }),
    );
  return { admission, clock, inside, enter };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const times = <T>(count: number, make: () => T) => Array.from({ length: count }, make);

async function refusalOf(entering: Promise<unknown>): Promise<Refusal> {
  return entering.then(
    () => {
      throw new Error("It was let in");
    },
    (error: unknown) => error as Refusal,
  );
}

test("[G11] so many enter at once, others wait in line, and go in as places are free", async () => {
  const { inside, enter } = openAdmission();
  const entering = times(30, enter);
  expect(inside).toHaveLength(10);
  inside[0]?.("in");
  await turn();
  expect(inside).toHaveLength(11);
  inside[1]?.(new Error("no such room"));
  await expect(entering[1]).rejects.toThrow("no such room");
  await turn();
  expect(inside).toHaveLength(12);
});

test("[G11] who finds the line full is told when to come back: each later than the one before", async () => {
  const { inside, enter, clock } = openAdmission();
  void times(30, enter);
  const refusals: Refusal[] = [];
  // Each after the one before was answered, as they come over the network.
  for (let i = 0; i < 5; i += 1) refusals.push(await refusalOf(enter()));
  expect(refusals.map(({ code }) => code)).toEqual(times(5, () => "rate_limited"));
  // 100 ms each by ten at once: 10 ms each, and 30 were before them.
  expect(refusals.map(({ retryAfterMs }) => retryAfterMs)).toEqual([310, 320, 330, 340, 350]);
  expect(inside).toHaveLength(10);
  // Long after, nobody waits for those who were refused then.
  clock.nowMs += 60_000;
  expect((await refusalOf(enter())).retryAfterMs).toBe(310);
});

test("what enterings take of late says how long others are sent away, within reason", async () => {
  const { inside, enter, clock } = openAdmission();
  for (let i = 0; i < 200; i += 1) {
    const entered = enter();
    clock.nowMs += 1_000;
    inside[i]?.("in");
    await entered;
  }
  void times(30, enter);
  const { retryAfterMs = 0 } = await refusalOf(enter());
  expect(retryAfterMs).toBeGreaterThan(3_000);
  expect(retryAfterMs).toBeLessThan(3_200);
  const many = await Promise.all(times(1_000, enter).map(refusalOf));
  expect(Math.max(...many.map((refusal) => refusal.retryAfterMs ?? Infinity))).toBe(30_000);
});

test("[G16] at a stop those in line are refused", async () => {
  const { admission, inside, enter } = openAdmission();
  const entering = times(12, enter);
  const stopping = new Refusal("unavailable", "stopping");
  admission.close(stopping);
  const inLine = await Promise.all(entering.slice(10).map(refusalOf));
  expect(inLine).toEqual([stopping, stopping]);
  inside[0]?.("in");
  expect(await entering[0]).toBe("in");
  expect(inside).toHaveLength(10);
});
