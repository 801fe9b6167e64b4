import { describe, expect, test } from "@jest/globals";

import { applyFacts, emptyView, type Fact, type OutgoingMessage } from "../../client/index.ts";
import { type Row, type RowsInput, rowsOf } from "../../web/room/rows.ts";

const ada = { id: "ada", name: "Ada" };
const grace = { id: "grace", name: "Grace" };
const noon = new Date(2026, 2, 3, 12).getTime();

const fact = (seq: number, more: object) =>
  ({ seq, at: new Date(noon + seq * 1_000).toISOString(), by: ada, ...more }) as unknown as Fact;
const said = (seq: number, by = ada, more: object = {}) =>
  fact(seq, {
    type: "message.sent",
    clientId: `c${seq}`,
    text: `t${seq}`,
    mentions: [],
    by,
    ...more,
  });
const rows = (facts: Fact[], more: Partial<RowsInput> = {}) =>
  rowsOf({
    view: applyFacts(emptyView(), facts),
    outgoing: [],
    myId: "ada",
    storedSeq: 0,
    lineAfter: null,
    ...more,
  });
const outgoing = (
  clientId: string,
  state: OutgoingMessage["state"],
  place?: { epoch: number; seq: number },
) => ({ clientId, state, text: "mine", place }) as OutgoingMessage;
const outline = (list: Row[]) =>
  list.map((row) => (row.kind === "message" ? row.message.seq : row.kind));

describe("the rows of a room", () => {
  test("begin where the room begins, with a line for each day", () => {
    const nextDay = new Date(2026, 2, 4, 9).toISOString();
    expect(outline(rows([said(1), said(2), said(3, ada, { at: nextDay })]))).toEqual([
      "start",
      "day",
      1,
      2,
      "day",
      3,
    ]);
  });

  test("leave out the face of who goes on talking, until they pause, reply or another speaks", () => {
    const later = new Date(noon + 600_000).toISOString();
    const follows = rows([
      said(1),
      said(2),
      said(3, grace),
      said(4, grace, { replyTo: 1 }),
      said(5, grace, { at: later }),
    ]).flatMap((row) => (row.kind === "message" ? [row.follows] : []));
    expect(follows).toEqual([false, true, false, false, false]);
  });

  test("have the line before the first of others' messages that is new, with how many there are", () => {
    const list = rows([said(1, grace), said(2), said(3, grace), said(4, grace)], { lineAfter: 1 });
    expect(outline(list)).toEqual(["start", "day", 1, 2, "unread", 3, 4]);
    expect(list.find((row) => row.kind === "unread")).toMatchObject({ count: 2 });
  });

  test("have no line where what is new begins before what is loaded", () => {
    const view = applyFacts(emptyView(50), [said(51, grace), said(52, grace)]);
    expect(outline(rows([], { view, lineAfter: 20 }))).toEqual(["older", "day", 51, 52]);
  });

  test("show a message of mine once, on its way and in the log, under one key", () => {
    const waiting = rows([said(1, grace)], { outgoing: [outgoing("c2", "queued")] });
    const there = rows([said(1, grace), said(2)], {
      outgoing: [outgoing("c2", "accepted", { epoch: 0, seq: 2 })],
    });
    expect(outline(waiting)).toEqual(["start", "day", 1, "pending"]);
    expect(outline(there)).toEqual(["start", "day", 1, 2]);
    expect(there.at(-1)?.key).toBe(waiting.at(-1)?.key);
    expect(there.at(-1)).toMatchObject({ state: "accepted" });
    expect(rows([said(2)], { storedSeq: 1 }).at(-1)).toMatchObject({ state: "accepted" });
    expect(rows([said(2)], { storedSeq: 2 }).at(-1)).toMatchObject({ state: "stored" });
    expect(rows([said(2, grace)], { storedSeq: 2 }).at(-1)).toMatchObject({ state: null });
  });

  test("tell of what was done in the room where it was done", () => {
    const list = rows([
      said(1),
      fact(2, { type: "message.pinned", target: 1 }),
      fact(3, { type: "reaction.added", target: 1, emoji: "👍" }),
      said(4),
    ]);
    expect(outline(list)).toEqual(["start", "day", 1, "notice", 4]);
    expect(list[2]).toMatchObject({ pinned: true });
  });
});
