import { expect, jest, test } from "@jest/globals";

import { createEmitter } from "../../client/emitter.ts";
import { inTurn } from "../../client/in-turn.ts";

interface Events {
  said: string;
}

test("listeners are told in the order in which they came, until they go", () => {
  const { on, emit } = createEmitter<Events>();
  const heard: string[] = [];
  const off = on("said", (text) => heard.push(`first ${text}`));
  on("said", (text) => heard.push(`second ${text}`));
  emit("said", "a");
  off();
  emit("said", "b");
  expect(heard).toEqual(["first a", "second a", "second b"]);
});

test("the same listener may listen twice, and each ends for itself", () => {
  const { on, emit } = createEmitter<Events>();
  const listener = jest.fn();
  const off = on("said", listener);
  on("said", listener);
  off();
  emit("said", "a");
  expect(listener).toHaveBeenCalledTimes(1);
});

test("who joins while something is told hears the next thing first", () => {
  const { on, emit } = createEmitter<Events>();
  const late = jest.fn();
  const off = on("said", () => {
    off();
    on("said", late);
  });
  emit("said", "a");
  expect(late).not.toHaveBeenCalled();
  emit("said", "b");
  expect(late).toHaveBeenCalledWith("b");
});

test("a listener that throws keeps nobody from being told, and is not hushed up", () => {
  const surfaced: (() => void)[] = [];
  const queue = jest
    .spyOn(globalThis, "queueMicrotask")
    .mockImplementation((act) => void surfaced.push(act));
  const { on, emit } = createEmitter<Events>();
  const heard = jest.fn();
  on("said", () => {
    throw new Error("A bug of the app");
  });
  on("said", heard);
  emit("said", "a");
  queue.mockRestore();
  expect(heard).toHaveBeenCalledWith("a");
  expect(surfaced).toHaveLength(1);
  expect(surfaced[0]).toThrow("A bug of the app");
});

test("what an act asks for waits until the act is done", () => {
  const act = inTurn();
  const done: string[] = [];
  act(() => {
    act(() => {
      done.push("inner");
    });
    done.push("outer");
  });
  expect(done).toEqual(["outer", "inner"]);
});
