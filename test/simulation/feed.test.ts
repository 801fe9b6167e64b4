import { expect, test } from "@jest/globals";
import fc from "fast-check";

import { stepFeed, type Feed, type FeedInput } from "../../client/feed.ts";
import { feedScript, runFeed } from "./feed-run.ts";
import { seed } from "./seed.ts";

test(`[G5] facts are handed on in order and once, and fold to the log, whatever is lost, doubled, late or reset (seed ${seed})`, () => {
  fc.assert(
    fc.property(feedScript, (script) => runFeed(script, stepFeed)),
    { seed, numRuns: 4_000 },
  );
});

test("[G5] a page holds no more than its limit, and there is no end to the pages", () => {
  const what = { kind: "send", who: 0, pick: 0, other: 0 } as const;
  const before = Array.from({ length: 500 }, () => what);
  expect(() =>
    runFeed(
      {
        limit: 5,
        catchUp: "all",
        before: [what],
        steps: [
          { do: "connect" },
          { do: "serve" },
          { do: "deliver", which: 0 },
          { do: "break" },
          { do: "append", what: before },
        ],
      },
      stepFeed,
    ),
  ).not.toThrow();
});

/** Feeds with one mechanism taken out. Each must be found out, or the property proves nothing. */
const mutants: Record<string, typeof stepFeed> = {
  "takes a batch that leaves a gap": meddle((feed, input) =>
    input.type === "events" ? { ...input, push: { ...input.push, prev: 0 } } : input,
  ),
  "takes a batch of another epoch": meddle((feed, input) =>
    input.type === "events" && feed.cursor !== null
      ? { ...input, push: { ...input.push, epoch: feed.cursor.epoch } }
      : input,
  ),
  "hands on doubles": (feed, input) => {
    const next = stepFeed(feed, input);
    if (input.type !== "events") return next;
    const { events: facts } = input.push;
    return {
      ...next,
      effects: next.effects.map((effect) =>
        effect.type === "facts" ? { ...effect, facts } : effect,
      ),
    };
  },
  "does not see resetTo": meddle((feed, input) => {
    if (input.type !== "entered") return input;
    const { resetTo: _, ...reply } = input.reply;
    return { ...input, reply };
  }),
  "stops at the first page": meddle((feed, input) =>
    input.type === "entered" ? { ...input, reply: { ...input.reply, more: false } } : input,
  ),
  "does not hear the head": meddle((feed, input) => (input.type === "head" ? null : input)),
  "does not enter again after a break": meddle((feed, input) =>
    input.type === "connected" && feed.cursor !== null ? null : input,
  ),
  "skips in silence": (feed, input) => {
    const next = stepFeed(feed, input);
    return { ...next, effects: next.effects.filter(({ type }) => type !== "skipped") };
  },
  "resets in silence": (feed, input) => {
    const next = stepFeed(feed, input);
    return { ...next, effects: next.effects.filter(({ type }) => type !== "reset") };
  },
};

test.each(Object.entries(mutants))("[G5] a feed that %s is found out", (_, mutant) => {
  const { failed } = fc.check(
    fc.property(feedScript, (script) => runFeed(script, mutant)),
    { seed, numRuns: 40_000, endOnFailure: true },
  );
  expect(failed).toBe(true);
});

/** A feed that sees something else than what came, or nothing at all. */
function meddle(change: (feed: Feed, input: FeedInput) => FeedInput | null): typeof stepFeed {
  return (feed, input) => {
    const changed = change(feed, input);
    return changed === null ? { feed, effects: [] } : stepFeed(feed, changed);
  };
}
