import { expect, test } from "@jest/globals";

import { gather, gatherBy } from "../../db/gather.ts";

/** A call that is answered when the test says so. */
interface Call {
  asks: string[];
  answer: () => void;
  fail: (error: Error) => void;
}

function recorder() {
  const calls: Call[] = [];
  const answerAll = async (asks: string[]) =>
    new Promise<string[]>((resolve, reject) => {
      calls.push({ asks, answer: () => resolve(asks.map((ask) => `${ask}!`)), fail: reject });
    });
  return { calls, answerAll };
}

const nextTurn = async () => new Promise<void>((resolve) => void setImmediate(resolve));

test("what is asked in one turn goes together, and each gets its own answer", async () => {
  const { calls, answerAll } = recorder();
  const ask = gather(answerAll);
  const both = Promise.all([ask("ada"), ask("grace")]);
  await nextTurn();
  expect(calls.map(({ asks }) => asks)).toEqual([["ada", "grace"]]);
  calls[0]?.answer();
  expect(await both).toEqual(["ada!", "grace!"]);
});

test("[G9] nobody joins a call that has begun; who asks meanwhile shares the next", async () => {
  const { calls, answerAll } = recorder();
  const ask = gather(answerAll);
  const early = ask("early");
  await nextTurn();
  const late = Promise.all([ask("late"), ask("later")]);
  await nextTurn();
  expect(calls.map(({ asks }) => asks)).toEqual([["early"]]);
  calls[0]?.answer();
  await early;
  await nextTurn();
  expect(calls.map(({ asks }) => asks)).toEqual([["early"], ["late", "later"]]);
  calls[1]?.answer();
  expect(await late).toEqual(["late!", "later!"]);
});

test("a call that fails fails for those who are in it, and for nobody else", async () => {
  const { calls, answerAll } = recorder();
  const ask = gather(answerAll);
  const first = ask("first");
  await nextTurn();
  const second = ask("second");
  calls[0]?.fail(new Error("away"));
  await expect(first).rejects.toThrow("away");
  await nextTurn();
  calls[1]?.answer();
  expect(await second).toBe("second!");
});

test("an answer of its own fails for itself, and holds up nobody", async () => {
  const ask = gather(async (asks: string[]) =>
    asks.map((one): string | Promise<string> => {
      if (one === "slow") return new Promise(() => {});
      return one === "bad" ? Promise.reject(new Error("it is bad")) : one;
    }),
  );
  void ask("slow");
  const bad = ask("bad");
  expect(await ask("good")).toBe("good");
  await expect(bad).rejects.toThrow("it is bad");
  expect(await ask("next")).toBe("next");
});

test("asks of one key do not wait for those of another", async () => {
  const begun: string[] = [];
  const ask = gatherBy(async (key: string, asks: string[]) => {
    begun.push(key);
    if (key === "slow") await new Promise(() => {});
    return asks;
  });
  void ask("slow", "one");
  expect(await ask("fast", "two")).toBe("two");
  expect(begun).toEqual(["slow", "fast"]);
});

test("a crowd is answered in few calls, however it drops in", async () => {
  let calls = 0;
  const ask = gather(async (asks: number[]) => {
    calls += 1;
    return asks;
  });
  const answers: Promise<number>[] = [];
  for (let i = 0; i < 1_000; i += 1) {
    answers.push(ask(i));
    if (i % 10 === 0) await nextTurn();
  }
  expect(await Promise.all(answers)).toEqual(Array.from({ length: 1_000 }, (_, i) => i));
  expect(calls).toBeLessThan(20);
});
