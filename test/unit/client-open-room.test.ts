import { expect, test } from "@jest/globals";

import { ada } from "../simulation/happenings.ts";
import { AT, playedClient } from "../simulation/played-client.ts";
import { SimRoom, WATERCOOLER } from "../simulation/sim-room.ts";

test("the fact of a message is as good as the answer to its send", () => {
  const { client, newest, on } = playedClient();
  on().connected();
  const room = client.enter("watercooler");
  const log = new SimRoom();
  newest("room:enter").answer({ ok: true, ...log.enter({}) });
  const message = room.send("hello");
  log.append({
    type: "message.sent",
    at: AT,
    by: ada,
    clientId: message.clientId as never,
    text: "hello",
    mentions: [],
  });
  on().pushed("room.events", log.batch(0));
  expect([message.state, message.place]).toEqual(["accepted", { epoch: 1, seq: 1 }]);
});

test("another's fact with my clientId is not mine", () => {
  const { client, newest, on } = playedClient();
  on().connected();
  const room = client.enter("watercooler");
  const log = new SimRoom();
  newest("room:enter").answer({ ok: true, ...log.enter({}) });
  const message = room.send("hello");
  log.append({
    type: "message.sent",
    at: AT,
    by: { ...ada, id: WATERCOOLER as never },
    clientId: message.clientId as never,
    text: "hello",
    mentions: [],
  });
  on().pushed("room.events", log.batch(0));
  expect(message.state).toBe("sent");
});

test("[G5] a batch that overtakes the reply of entering by slug is not lost", () => {
  const { client, newest, on } = playedClient();
  on().connected();
  const room = client.enter("watercooler");
  const heard: number[] = [];
  room.on("facts", ({ facts }) => heard.push(...facts.map(({ seq }) => seq)));
  const log = new SimRoom();
  const reply = log.enter({});
  log.append({
    type: "message.pinned",
    at: AT,
    by: ada,
    target: 1,
  });
  on().pushed("room.events", log.batch(0));
  expect(heard).toEqual([]);
  newest("room:enter").answer({ ok: true, ...reply });
  expect(heard).toEqual([1]);
});

test("entering that is refused for good ends the room", async () => {
  const { client, newest, on } = playedClient();
  on().connected();
  const room = client.enter("cellar");
  newest("room:enter").answer({ ok: false, error: { code: "not_found", message: "No such room" } });
  await expect(room.entered).rejects.toMatchObject({ code: "not_found" });
  expect(room.state).toBe("closed");
  expect(client.enter("cellar")).not.toBe(room);
});

test("entering that is refused for now is tried again, no sooner than told", () => {
  const { client, newest, asked, on, pass } = playedClient();
  on().connected();
  client.enter("watercooler");
  const error = { code: "rate_limited", message: "Too fast", retryAfterMs: 2_000 };
  newest("room:enter").answer({ ok: false, error });
  pass(2_000);
  expect(asked).toHaveLength(1);
  pass(250);
  expect(asked).toHaveLength(2);
});

test("entering with a token that ran out brings a fresh one, and the room stays", async () => {
  const { client, newest, on, pass, tokenUsed } = playedClient({ getToken: () => "newer" });
  on().connected();
  const room = client.enter("watercooler");
  newest("room:enter").answer({
    ok: false,
    error: { code: "unauthenticated", message: "Expired" },
  });
  expect(client.state).toBe("offline");
  pass(1_000);
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
  on().connected();
  newest("room:enter").answer({ ok: true, ...new SimRoom().enter({}) });
  expect([tokenUsed(), room.state]).toEqual(["newer", "live"]);
});

test("[G3] after a break the room is entered before anything is sent", () => {
  const { client, newest, asked, on, pass } = playedClient();
  on().connected();
  const room = client.enter("watercooler");
  newest("room:enter").answer({ ok: true, ...new SimRoom().enter({}) });
  const message = room.send("on its way");
  on().disconnected("transport close");
  expect([message.state, message.inDoubt]).toEqual(["queued", true]);
  pass(1_000);
  on().connected();
  pass(1_000);
  const names = () => asked.map(({ name }) => name);
  expect(names()).toEqual(["room:enter", "message:send", "room:enter"]);
  newest("room:enter").answer({ ok: true, ...new SimRoom().enter({}) });
  expect(names().at(-1)).toBe("message:send");
});

test("[G4] a message that is refused after an attempt went unanswered may be in the log", () => {
  const { client, newest, on, pass } = playedClient();
  on().connected();
  const room = client.enter("watercooler");
  newest("room:enter").answer({ ok: true, ...new SimRoom().enter({}) });
  const message = room.send("hello?");
  pass(5_000);
  on().pushed("room.typing", { room: WATERCOOLER, users: [] });
  pass(6_000);
  newest("message:send").answer({ ok: false, error: { code: "muted", message: "Muted" } });
  expect([message.state, message.inDoubt]).toEqual(["failed", true]);
});

test("[G3] what a reset names as lost goes out again at once", () => {
  const { client, asked, newest, on } = playedClient();
  on().connected();
  const room = client.enter("watercooler");
  newest("room:enter").answer({ ok: true, ...new SimRoom().enter({}) });
  const message = room.send("hello");
  newest("message:send").answer({ ok: true, epoch: 1, seq: 1, at: AT, duplicate: false });
  expect(message.state).toBe("accepted");
  on().pushed("room.reset", { room: WATERCOOLER, epoch: 2, lost: { from: 1, to: 1 } });
  const again = asked.filter(({ name }) => name === "message:send").map(({ input }) => input);
  expect(again).toHaveLength(2);
  expect(again[1]).toEqual(again[0]);
});

test("[G3] an edit from a catch-up that a loss cut short is read anew", async () => {
  const { client, newest, on, pass } = playedClient();
  const log = new SimRoom();
  const said = { at: AT, by: ada, mentions: [] };
  log.append({ ...said, type: "message.sent", clientId: "c" as never, text: "first" });
  log.append({ at: AT, by: ada, type: "message.edited", target: 1, text: "second" });
  log.store();
  log.append({ at: AT, by: ada, type: "message.edited", target: 1, text: "third" });
  on().connected();
  const room = client.enter("watercooler", { since: { epoch: 1, seq: 0 }, limit: 2 });
  newest("room:enter").answer({
    ok: true,
    ...log.enter({ since: { epoch: 1, seq: 0 }, limit: 2 }),
  });
  expect(room.view.messages[0]?.text).toBe("third");
  on().disconnected("transport close");
  log.lose();
  pass(1_000);
  on().connected();
  newest("room:enter").answer({
    ok: true,
    ...log.enter({ since: { epoch: 1, seq: 2 }, limit: 2 }),
  });
  expect(room.state).toBe("live");
  await Promise.resolve();
  newest("room:history").answer({ ok: true, ...log.history({ after: 0 }) });
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
  expect(room.view.messages[0]?.text).toBe("second");
});

test("of several hints the longest is waited out", () => {
  const { client, asked, newest, on, pass } = playedClient({ sendWindow: 2 });
  on().connected();
  const room = client.enter("watercooler");
  newest("room:enter").answer({ ok: true, ...new SimRoom().enter({}) });
  room.send("one");
  room.send("two");
  const sends = () => asked.filter(({ name }) => name === "message:send");
  for (const [index, retryAfterMs] of [5_000, 1_000].entries()) {
    const error = { code: "slow_mode", message: "Slowly", retryAfterMs };
    sends()[index]?.answer({ ok: false, error });
  }
  pass(4_999);
  expect(sends()).toHaveLength(2);
  pass(1_000);
  expect(sends()).toHaveLength(4);
});

test("who comes back to a room waits until they have left it", () => {
  const { client, newest, asked, on } = playedClient();
  on().connected();
  const room = client.enter("watercooler");
  newest("room:enter").answer({ ok: true, ...new SimRoom().enter({}) });
  room.leave();
  client.enter("watercooler");
  expect(asked.map(({ name }) => name)).toEqual(["room:enter", "room:leave"]);
  newest("room:leave").answer({ ok: true });
  expect(asked.map(({ name }) => name)).toEqual(["room:enter", "room:leave", "room:enter"]);
});

test("typing is told at most every two seconds, and only where one is", () => {
  const { client, newest, asked, on, pass } = playedClient();
  on().connected();
  const room = client.enter("watercooler");
  room.typing();
  newest("room:enter").answer({ ok: true, ...new SimRoom().enter({}) });
  room.typing();
  room.typing();
  pass(2_000);
  room.typing();
  expect(asked.filter(({ name }) => name === "typing:start")).toHaveLength(2);
});
