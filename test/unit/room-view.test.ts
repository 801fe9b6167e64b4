import { expect, test } from "@jest/globals";

import { atItsWord } from "../../client/at-its-word.ts";
import {
  applyFact,
  applyFacts,
  doubtful,
  emptyView,
  prependFacts,
  refreshFacts,
  resetTo,
} from "../../client/room-view.ts";
import { Fact } from "../../protocol/facts.ts";

const ada = { id: "01900000-0000-7000-8000-000000000001", name: "Ada" };
const grace = { id: "01900000-0000-7000-8000-000000000002", name: "Grace" };

/** A fact of the watercooler, checked against the wire contract. */
function fact(seq: number, type: Fact["type"], data: object = {}, by = ada): Fact {
  return Fact.parse({ seq, type, at: timeOf(seq), by, ...data });
}

const timeOf = (seq: number) => new Date(1_700_000_000_000 + seq).toISOString();

const said = (seq: number, text: string | undefined, more: object = {}) =>
  fact(seq, "message.sent", {
    clientId: `01900000-0000-7000-9000-${String(seq).padStart(12, "0")}`,
    mentions: [],
    ...(text === undefined ? {} : { text }),
    ...more,
  });

const view = (...facts: Fact[]) => applyFacts(emptyView(), facts);

test("reactions say who, in the order of their first use", () => {
  const { messages } = view(
    said(1, "tea?"),
    fact(2, "reaction.added", { target: 1, emoji: "🍵" }, grace),
    fact(3, "reaction.added", { target: 1, emoji: "👍" }),
    fact(4, "reaction.added", { target: 1, emoji: "🍵" }),
    fact(5, "reaction.added", { target: 1, emoji: "🍵" }),
    fact(6, "reaction.removed", { target: 1, emoji: "👍" }),
  );
  expect(messages[0]?.reactions).toEqual([{ emoji: "🍵", by: [grace.id, ada.id] }]);
});

test("sanctions stand until they are lifted, and say by whom and why", () => {
  const until = "2024-05-01T00:00:00.000Z";
  const sanctioned = view(
    fact(1, "member.muted", { user: grace.id, until, reason: "Shouting" }),
    fact(2, "member.banned", { user: grace.id, until: null, reason: "Spam" }),
    fact(3, "member.kicked", { user: grace.id, reason: "Out" }),
  );
  expect(sanctioned.mutes).toEqual({
    [grace.id]: { seq: 1, by: ada, at: timeOf(1), until, reason: "Shouting" },
  });
  expect(sanctioned.bans).toEqual({
    [grace.id]: { seq: 2, by: ada, at: timeOf(2), until: null, reason: "Spam" },
  });
  expect(sanctioned.kicks[grace.id]).toMatchObject({ seq: 3, reason: "Out" });
  const lifted = applyFacts(sanctioned, [
    fact(4, "member.unmuted", { user: grace.id }),
    fact(5, "member.unbanned", { user: grace.id }),
  ]);
  expect([lifted.mutes, lifted.bans]).toEqual([{}, {}]);
});

test("roles and changes of the room are the last ones said", () => {
  const { roles, changes } = view(
    fact(1, "member.role", { user: grace.id, role: "moderator" }),
    fact(2, "room.updated", { changes: { title: "Tea", locked: true } }),
    fact(3, "member.role", { user: grace.id, role: "member" }),
    fact(4, "room.updated", { changes: { locked: false } }),
  );
  expect(roles).toEqual({ [grace.id]: "member" });
  expect(changes).toEqual({ title: "Tea", locked: false });
});

test("undoing a clean-up brings back what it took, and not what was removed for itself", () => {
  const { messages } = view(
    said(1, "one"),
    said(2, "two"),
    said(3, "three"),
    fact(4, "message.removed", { target: 2 }),
    fact(5, "messages.removed", { targets: [[1, 3]], reason: "Spam" }),
    fact(6, "messages.restored", { targets: [[1, 3]] }),
  );
  expect(messages.map(({ text }) => text)).toEqual(["one", undefined, "three"]);
});

test("a clean-up of one author leaves the others alone", () => {
  const { messages } = view(
    said(1, "mine"),
    fact(2, "messages.removed", { targets: [[1, 1]], author: grace.id, reason: "Spam" }),
  );
  expect(messages[0]?.removed).toBe(false);
});

test("a clean-up does not touch what is said after it", () => {
  const { messages } = view(
    fact(1, "messages.removed", { targets: [[1, 100]], reason: "Spam" }),
    said(2, "hello"),
  );
  expect(messages[0]?.removed).toBe(false);
});

test("[G19] a restored message whose text the view never had is doubtful until read anew", () => {
  const restored = view(
    said(1, undefined, { removed: true }),
    fact(2, "messages.removed", { targets: [[1, 1]], reason: "Spam" }),
    fact(3, "messages.restored", { targets: [[1, 1]] }),
  );
  expect(doubtful(restored)).toEqual([1]);
  const read = refreshFacts(restored, [said(1, "back")]);
  expect(doubtful(read)).toEqual([]);
  expect(read.messages[0]?.text).toBe("back");
});

test("[G3] an edit that was replayed with the text of a lost one is doubtful after the reset", () => {
  const edited = view(
    said(1, "first"),
    fact(2, "message.edited", { target: 1, text: "third" }),
    fact(3, "message.edited", { target: 1, text: "third" }),
  );
  const reset = resetTo(edited, 2);
  expect(doubtful(reset)).toEqual([1]);
  const now = said(1, "second", { editedAt: timeOf(2) });
  expect(refreshFacts(reset, [now]).messages[0]?.text).toBe("second");
});

test("[G3] a reset in the midst of a catch-up puts in doubt what the catch-up edited", () => {
  // The page ends before fact 3, whose text it carries already; then fact 3 is lost.
  const halfway = view(said(1, "first"), fact(2, "message.edited", { target: 1, text: "third" }));
  expect(doubtful(resetTo(halfway, 2))).toEqual([]);
  expect(doubtful(resetTo(halfway, 2, 1))).toEqual([1]);
});

test("an edit of a message older than the view takes effect when that page is prepended", () => {
  const late = applyFacts(emptyView(1), [fact(2, "message.edited", { target: 1, text: "b" })]);
  expect(late.messages).toEqual([]);
  const whole = prependFacts(late, { prev: 0, events: [said(1, "a")] });
  expect(whole.messages.map(({ text }) => text)).toEqual(["b"]);
});

test("a fact of a newer server has its place and no effect", () => {
  const unknown = atItsWord<Fact>({ ...said(2, "?"), type: "message.sung" });
  const next = applyFact(view(said(1, "a")), unknown);
  expect([next.head, next.messages.length]).toEqual([2, 1]);
});
