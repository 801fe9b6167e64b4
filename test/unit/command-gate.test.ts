import { expect, test } from "@jest/globals";

import { Refusal } from "../../protocol/errors.ts";
import { CommandGate } from "../../server/transport/sockets/command-gate.ts";

/** A gate of two at once, for a socket that reads when told to, and commands that end when told to. */
function openGate() {
  const socket = { reads: true };
  const begun: number[] = [];
  const ends = new Map<number, () => void>();
  const gate = new CommandGate(
    {
      atOnce: 2,
      mostWaiting: 500,
      tooMany: () => new Refusal("rate_limited", "too many", { retryAfterMs: 1_000 }),
    },
    { isReading: () => socket.reads },
  );
  return {
    gate,
    socket,
    begun,
    give: (number: number) =>
      gate.run(() => {
        begun.push(number);
        return new Promise<number>((resolve) => ends.set(number, () => resolve(number)));
      }),
    end: async (number: number) => {
      ends.get(number)?.();
      await turn();
    },
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);
const TOO_MANY = { code: "rate_limited", retryAfterMs: 1_000 };

test("[G11] so many commands begin at once, the others in their order as those end", async () => {
  const { begun, give, end } = openGate();
  const given = upTo(5).map(give);
  expect(begun).toEqual([0, 1]);
  await end(1);
  expect(begun).toEqual([0, 1, 2]);
  await end(0);
  await end(2);
  expect(begun).toEqual([0, 1, 2, 3, 4]);
  await end(3);
  await end(4);
  expect(await Promise.all(given)).toEqual(upTo(5));
});

test("[G11] none begins while its sender does not read, and they go on when it does", async () => {
  const { begun, gate, give, end, socket } = openGate();
  void give(0);
  socket.reads = false;
  for (const number of [1, 2, 3]) void give(number);
  await end(0);
  expect(begun).toEqual([0]);
  socket.reads = true;
  gate.beginNext();
  expect(begun).toEqual([0, 1, 2]);
});

test("what comes while others wait begins after them", async () => {
  const { begun, gate, give, socket } = openGate();
  socket.reads = false;
  void give(0);
  socket.reads = true;
  void give(1);
  void give(2);
  gate.beginNext();
  expect(begun).toEqual([0, 1]);
});

test("a command that fails makes room for the next one", async () => {
  const { begun, gate, give, end } = openGate();
  const failed = gate.run(() => Promise.reject(new Error("no")));
  for (const number of upTo(2)) void give(number);
  await expect(failed).rejects.toThrow("no");
  await end(0);
  expect(begun).toEqual([0, 1]);
});

test("[G11] more than can wait are refused, with the time to come again", async () => {
  const { give, begun } = openGate();
  for (const number of upTo(502)) void give(number);
  await expect(give(502)).rejects.toMatchObject(TOO_MANY);
  expect(begun).toEqual([0, 1]);
});

test("[G16] at a stop all that waits is refused, and what still comes", async () => {
  const { begun, gate, give, end } = openGate();
  const given = upTo(4).map(give);
  const stopping = new Refusal("unavailable", "stopping");
  gate.close(stopping);
  await expect(given[2]).rejects.toBe(stopping);
  await expect(given[3]).rejects.toBe(stopping);
  await expect(give(4)).rejects.toBe(stopping);
  await end(0);
  await end(1);
  expect(await Promise.all(given.slice(0, 2))).toEqual([0, 1]);
  expect(begun).toEqual([0, 1]);
});
