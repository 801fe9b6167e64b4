import { expect, jest, test } from "@jest/globals";

import { outboxStore, type OutboxStorage } from "../../client/outbox-store.ts";
import { accepted, failed, newSend, type Send } from "../../client/send.ts";

const key = "eddy:outbox:ada:watercooler";
const one = newSend("01900000-0000-7000-8000-000000000001", "one");
const two = newSend("01900000-0000-7000-8000-000000000002", "two", 7);

function memory(
  kept: Record<string, string> = {},
): OutboxStorage & { kept: Record<string, string> } {
  return {
    kept,
    get: (name) => kept[name] ?? null,
    set: (name, value) => {
      if (value === null) delete kept[name];
      else kept[name] = value;
    },
  };
}

const shouldNotFail = (error: unknown) => {
  throw error;
};

test("[G3] what one page saves, the next one loads, whatever its state", () => {
  const storage = memory();
  const sends: Send[] = [
    accepted(one, { epoch: 1, seq: 5 }),
    failed(two, { code: "filtered", message: "A rule" }),
  ];
  outboxStore(storage, key, shouldNotFail).save(sends);
  expect(outboxStore(storage, key, shouldNotFail).load()).toEqual(sends);
});

test("an empty outbox leaves nothing behind", () => {
  const storage = memory();
  const store = outboxStore(storage, key, shouldNotFail);
  store.save([one]);
  store.save([]);
  expect(storage.kept).toEqual({});
});

test("[G3] two tabs do not forget each other's messages", async () => {
  const storage = memory();
  const [left, right] = [1, 2].map(() => outboxStore(storage, key, shouldNotFail));
  await Promise.all([left?.load(), right?.load()]);
  left?.save([one]);
  right?.save([two]);
  expect(outboxStore(storage, key, shouldNotFail).load()).toEqual([one, two]);
  right?.save([]);
  expect(outboxStore(storage, key, shouldNotFail).load()).toEqual([one]);
});

test("[G3] an asynchronous storage keeps the last of many saves", async () => {
  const storage = memory();
  const slow: OutboxStorage = {
    get: async (name) => storage.get(name),
    set: async (name, value) => storage.set(name, value),
  };
  const store = outboxStore(slow, key, shouldNotFail);
  expect(await store.load()).toEqual([]);
  store.save([one]);
  store.save([one, two]);
  store.save([two]);
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  expect(await outboxStore(slow, key, shouldNotFail).load()).toEqual([two]);
});

test("[G3] saves reach a slow storage one after the other, whichever takes longer", async () => {
  const storage = memory();
  const delays = [30, 1, 1];
  const slow: OutboxStorage = {
    get: async (name) => storage.get(name),
    set: async (name, value) => {
      for (let turns = delays.shift() ?? 0; turns > 0; turns -= 1) await Promise.resolve();
      await storage.set(name, value);
    },
  };
  const store = outboxStore(slow, key, shouldNotFail);
  store.save([one]);
  store.save([one, two]);
  store.save([two]);
  for (let turn = 0; turn < 100; turn += 1) await Promise.resolve();
  expect(await outboxStore(slow, key, shouldNotFail).load()).toEqual([two]);
});

test("a storage that is full or switched off is told of, and nothing else stops", async () => {
  const errors = jest.fn();
  const broken: OutboxStorage = {
    get: () => {
      throw new Error("SecurityError");
    },
    set: () => {
      throw new Error("QuotaExceededError");
    },
  };
  const store = outboxStore(broken, key, errors);
  expect(store.load()).toEqual([]);
  store.save([one]);
  const failing: OutboxStorage = {
    get: () => Promise.reject(new Error("InvalidStateError")),
    set: () => Promise.resolve(),
  };
  const slow = outboxStore(failing, key, errors);
  expect(await slow.load()).toEqual([]);
  slow.save([one]);
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  expect(errors).toHaveBeenCalledTimes(4);
});

test("what is not ours under our key is not sent", () => {
  const junk = [
    null,
    7,
    {},
    { ...one, clientId: 3 },
    { ...one, state: "stored" },
    { ...one, state: "accepted" },
    { ...one, state: "accepted", place: { epoch: "1" } },
    { ...one, state: "failed", error: { code: "nonsense" } },
    { ...one, replyTo: "7" },
    one,
  ];
  for (const [kept, expected] of [
    [JSON.stringify(junk), [one]],
    ["{", []],
    ['"text"', []],
  ] as const) {
    expect(outboxStore(memory({ [key]: kept }), key, shouldNotFail).load()).toEqual(expected);
  }
});
