import { expect, test } from "@jest/globals";

import { keepView } from "../../client/keep-view.ts";
import type { CommandOutput } from "../../protocol/commands.ts";
import type { Fact } from "../../protocol/facts.ts";
import { draftOf, type Happening } from "../simulation/happenings.ts";
import { SimRoom } from "../simulation/sim-room.ts";

type Page = CommandOutput<"room:history">;

/** A kept view of a room, whose readings of the log are answered when we say so. */
function world() {
  const room = new SimRoom();
  const readings: { after: number | undefined; answer: (page: Page | Error) => void }[] = [];
  const kept = keepView({
    start: 0,
    maxFacts: 1_000,
    read: ({ after }) =>
      new Promise((resolve, reject) => {
        const answer = (page: Page | Error) =>
          page instanceof Error ? reject(page) : resolve(page);
        readings.push({ after, answer });
      }),
    onChange: () => {},
  });
  const happen = (kind: Happening["kind"]): Fact => {
    const draft = draftOf(room, { kind, who: 0, pick: 0, other: 1 });
    if (draft === null) throw new Error(`There is nothing to ${kind}`);
    return room.append(draft);
  };
  const caughtUp = (facts: readonly Fact[]) => kept.apply(facts.map((fact) => room.replayed(fact)));
  const text = () => kept.view.messages[0]?.text;
  /** Answers the oldest reading with the log as it is now. */
  const serve = async (page: Page = room.history({ after: 0 })) => {
    readings.shift()?.answer(page);
    await settled();
  };
  return { room, kept, happen, caughtUp, text, readings, serve };
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}

test("[G19] what comes back when a clean-up is undone is read from the server", async () => {
  const { room, kept, happen, caughtUp, text, readings, serve } = world();
  happen("send");
  happen("clean-up");
  caughtUp(room.facts);
  expect(text()).toBeUndefined();
  kept.apply([happen("restore")]);
  expect(readings).toMatchObject([{ after: 0 }]);
  await serve();
  expect(text()).toBe("ada says 1");
});

test("a reading that fails is tried again when the room is live again", async () => {
  const { room, kept, happen, caughtUp, text, readings, serve } = world();
  happen("send");
  happen("clean-up");
  caughtUp(room.facts);
  kept.apply([happen("restore")]);
  readings.shift()?.answer(new Error("The connection was lost"));
  await settled();
  expect(readings).toEqual([]);
  kept.live();
  await serve();
  expect(text()).toBe("ada says 1");
});

test("[G3] what was read before a reset is not taken for what is true after it", async () => {
  const { room, kept, happen, caughtUp, text, readings, serve } = world();
  happen("send");
  happen("clean-up");
  caughtUp(room.facts);
  kept.apply([happen("restore")]);
  room.store();
  happen("edit");
  const early = room.history({ after: 0 });
  room.lose();
  kept.reset(room.head);
  await serve(early);
  expect(text()).toBeUndefined();
  expect(readings).toHaveLength(1);
  await serve();
  expect(text()).toBe("ada says 1");
});

test("[G3] a catch-up that a reset cuts short puts what it edited in doubt", async () => {
  const { room, kept, happen, caughtUp, text, serve } = world();
  kept.apply([happen("send")]);
  room.store();
  happen("edit");
  room.store();
  happen("edit");
  kept.catchUpFrom(1);
  // The page ends before the second edit, whose text it shows already.
  caughtUp(room.facts.slice(1, 2));
  expect(text()).toBe("ada says 3");
  room.lose();
  kept.reset(room.head);
  kept.live();
  await serve();
  expect(text()).toBe("ada says 2");
});

test("an edit that comes while its message is read anew is not undone by what was read", async () => {
  const { room, kept, happen, caughtUp, text, serve } = world();
  happen("send");
  happen("clean-up");
  caughtUp(room.facts);
  kept.apply([happen("restore")]);
  const early = room.history({ after: 0 });
  kept.apply([happen("edit")]);
  await serve(early);
  expect(text()).toBe("ada says 4");
});

test("nothing is read while all is known", async () => {
  const { room, kept, happen, caughtUp, readings } = world();
  happen("send");
  happen("edit");
  kept.catchUpFrom(0);
  caughtUp(room.facts);
  kept.live();
  await settled();
  expect(readings).toEqual([]);
});
