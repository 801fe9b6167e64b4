import { expect, test } from "@jest/globals";

import type { Outbox, OutboxEffect } from "../../client/outbox-turn.ts";
import { newOutbox, stepOutbox, type OutboxInput } from "../../client/outbox.ts";
import { accepted, newSend } from "../../client/send.ts";

/** What an outbox has sent and become after some inputs. */
function after(...inputs: OutboxInput[]) {
  return from(newOutbox(), ...inputs);
}

function from(start: Outbox, ...inputs: OutboxInput[]) {
  let outbox = start;
  const effects: OutboxEffect[] = [];
  for (const input of inputs) {
    const next = stepOutbox(outbox, input);
    outbox = next.outbox;
    effects.push(...next.effects);
  }
  const sent = effects.flatMap((effect) => (effect.type === "send" ? [effect.send.text] : []));
  const states = outbox.entries.map(({ text, state }) => `${text} ${state}`);
  return { outbox, effects, sent, states };
}

const enter: OutboxInput = { type: "entered", epoch: 1, stored: 0, since: null };
const say = (text: string): OutboxInput => ({ type: "send", clientId: text, text });
const accept = (clientId: string, seq: number, epoch = 1): OutboxInput => ({
  type: "accepted",
  clientId,
  place: { epoch, seq },
});
const refuse = (
  clientId: string,
  code: "busy" | "slow_mode" | "muted",
  attempt = 1,
): OutboxInput => ({
  type: "refused",
  clientId,
  attempt,
  error: { code, message: code, ...(code === "slow_mode" ? { retryAfterMs: 9_000 } : {}) },
});

test("nothing goes out before the room is entered", () => {
  expect(after(say("a")).sent).toEqual([]);
  expect(after(say("a"), enter).sent).toEqual(["a"]);
});

test("a message is kept until it is stored, not only accepted", () => {
  const { outbox, states } = after(enter, say("a"), accept("a", 5));
  expect(states).toEqual(["a accepted"]);
  expect(from(outbox, { type: "stored", epoch: 1, seq: 4 }).states).toEqual(["a accepted"]);
  expect(from(outbox, { type: "stored", epoch: 1, seq: 5 }).states).toEqual([]);
});

test("a mark that came before the acceptance counts", () => {
  const { states } = after(enter, say("a"), { type: "stored", epoch: 1, seq: 9 }, accept("a", 5));
  expect(states).toEqual([]);
});

test("the next one waits for the answer, and goes out with it", () => {
  expect(after(enter, say("a"), say("b")).sent).toEqual(["a"]);
  expect(after(enter, say("a"), say("b"), accept("a", 1)).sent).toEqual(["a", "b"]);
});

test("a refusal for now holds back everything, and the hint is passed on", () => {
  const { sent, effects, outbox } = after(enter, say("a"), say("b"), refuse("a", "slow_mode"));
  expect(sent).toEqual(["a"]);
  expect(effects).toContainEqual({ type: "hold", failures: 1, hintMs: 9_000 });
  expect(from(outbox, { type: "holdOver" }).sent).toEqual(["a"]);
});

test("a refusal for good is told, and lets the others go on", () => {
  const { states, outbox } = after(enter, say("a"), say("b"), refuse("a", "muted"));
  expect(states).toEqual(["a failed", "b sent"]);
  expect(outbox.entries[0]?.error?.code).toBe("muted");
});

test("the refusal of an attempt that was given up is not taken for the one under way", () => {
  const { states } = after(
    enter,
    say("a"),
    { type: "unanswered", clientId: "a", attempt: 1 },
    { type: "holdOver" },
    refuse("a", "muted", 1),
  );
  expect(states).toEqual(["a sent"]);
});

test("a failed one that went unanswered before may be in the log, and its fact says so", () => {
  const failed = after(
    enter,
    say("a"),
    { type: "unanswered", clientId: "a", attempt: 1 },
    { type: "holdOver" },
    refuse("a", "muted", 2),
  );
  expect(failed.outbox.entries[0]).toMatchObject({ state: "failed", inDoubt: true });
  const seen = from(failed.outbox, { type: "seen", clientId: "a", place: { epoch: 1, seq: 3 } });
  expect(seen.states).toEqual(["a accepted"]);
});

test("[G3] a reset sends again what lies in the lost range, and only that", () => {
  const { outbox } = after(enter, say("a"), accept("a", 5), say("b"), accept("b", 6));
  const reset = from(outbox, { type: "reset", epoch: 2, lost: { from: 6, to: 9 } });
  expect([reset.sent, reset.states]).toEqual([["b"], ["a accepted", "b sent"]]);
  expect(from(reset.outbox, { type: "stored", epoch: 2, seq: 5 }).states).toEqual(["b sent"]);
});

test("[G3] a reset that was missed shows when the room is entered again", () => {
  const { outbox } = after(enter, say("a"), accept("a", 5), say("b"), accept("b", 6));
  const entered = from(
    outbox,
    { type: "disconnected" },
    { type: "entered", epoch: 2, stored: 5, since: { epoch: 1, seq: 6 }, resetTo: 5 },
  );
  expect([entered.sent, entered.states]).toEqual([["b"], ["b sent"]]);
});

test("[G3] a lost range vouches for the epoch before it, and for none older", () => {
  const { outbox } = after(enter, say("a"), accept("a", 5));
  expect(from(outbox, { type: "reset", epoch: 3, lost: { from: 900, to: 950 } }).sent).toEqual([
    "a",
  ]);
});

test("[G3] a cursor past the head of its own epoch sends again what lies there", () => {
  const { outbox } = after(enter, say("a"), accept("a", 5), { type: "disconnected" });
  const since = { epoch: 1, seq: 6 };
  const { sent } = from(outbox, { type: "entered", epoch: 1, stored: 4, since, resetTo: 4 });
  expect(sent).toEqual(["a"]);
});

test("[G3] the mark of a later epoch says nothing about an earlier one", () => {
  const { outbox } = after(enter, say("a"), accept("a", 5));
  const { sent, states } = from(outbox, { type: "stored", epoch: 2, seq: 10_000 });
  expect([sent, states]).toEqual([["a"], ["a sent"]]);
});

test("[G3] the answer of an epoch that is over does not count", () => {
  const { sent } = after(enter, say("a"), { type: "stored", epoch: 2, seq: 1 }, accept("a", 5, 1));
  expect(sent).toEqual(["a", "a"]);
});

test("[G3] what an earlier page left behind goes out first", () => {
  const { sent, states } = after(
    {
      type: "loaded",
      sends: [accepted(newSend("old", "old"), { epoch: 1, seq: 2 }), newSend("mid", "mid")],
    },
    say("new"),
    enter,
    accept("mid", 3),
  );
  expect([sent, states]).toEqual([
    ["mid", "new"],
    ["old accepted", "mid accepted", "new sent"],
  ]);
});

test("a token that ran out is no fault of the message", () => {
  const { states } = after(enter, say("a"), {
    type: "refused",
    clientId: "a",
    attempt: 1,
    error: { code: "unauthenticated", message: "Expired" },
  });
  expect(states).toEqual(["a queued"]);
});

test("a room that closes fails what was not accepted, and says why", () => {
  const { states, outbox } = after(enter, say("a"), accept("a", 1), say("b"), say("c"), {
    type: "closed",
    error: { code: "banned", message: "Out" },
  });
  expect(states).toEqual(["a accepted", "b failed", "c failed"]);
  expect(outbox.entries[2]?.error?.code).toBe("banned");
});

test("a failed one that is tried again keeps its clientId and goes behind the others", () => {
  const { outbox } = after(enter, say("a"), say("b"), refuse("a", "muted"));
  const { sent, states } = from(outbox, { type: "retry", clientId: "a" }, accept("b", 1));
  expect([sent, states]).toEqual([["a"], ["b accepted", "a sent"]]);
});

test("one that is discarded is forgotten and lets the next one go", () => {
  const { sent, states } = after(enter, say("a"), say("b"), { type: "discard", clientId: "a" });
  expect([sent, states]).toEqual([["a", "b"], ["b sent"]]);
});
