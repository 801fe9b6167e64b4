import { expect, test } from "@jest/globals";

import { createClient, type ClientOptions } from "../../client/client.ts";
import { dropIn } from "../../client/drop-in.ts";
import type { TransportEvents } from "../../client/transport.ts";
import { ada } from "../simulation/happenings.ts";
import { SimRoom, WATERCOOLER } from "../simulation/sim-room.ts";
import { virtualClock } from "../simulation/virtual-clock.ts";

const AT = "2024-01-01T00:00:00.000Z";

interface Asked {
  name: string;
  input: unknown;
  answer: (reply: unknown) => void;
}

/** A client whose connection is ours to play: nothing is answered unless we do. */
function world(options: Partial<ClientOptions> = {}) {
  const clock = virtualClock();
  const asked: Asked[] = [];
  const fetched: { url: string; method: string | undefined; token: string | null }[] = [];
  let events: TransportEvents | undefined;
  let token: string | null = null;
  const client = createClient({
    url: "http://eddy.example",
    token: "token",
    user: ada,
    clock,
    random: () => 0.5,
    transport: {
      open(withToken, theirs) {
        token = withToken;
        events = theirs;
        return {
          request: (name, input, answer) => void asked.push({ name, input, answer }),
          close: () => {},
        };
      },
    },
    fetch: (target, init) => {
      const headers = new Headers(init?.headers);
      fetched.push({
        url: urlOf(target),
        method: init?.method,
        token: headers.get("authorization"),
      });
      return Promise.resolve(Response.json({ id: ada.id, name: ada.name, kind: "guest" }));
    },
    ...options,
  });
  const on = () => {
    if (events === undefined) throw new Error("Nothing was opened");
    return events;
  };
  const pass = (ms: number) => {
    const until = clock.now() + ms;
    while (clock.tick(until));
  };
  /** The newest command of a name. */
  const newest = (name: string) => {
    const found = asked.findLast((one) => one.name === name);
    if (found === undefined) throw new Error(`Nobody asked for ${name}`);
    return found;
  };
  return { client, asked, fetched, on, pass, newest, tokenUsed: () => token };
}

const urlOf = (target: string | URL | Request) =>
  target instanceof Request ? target.url : String(target);

test("a socket command goes over the socket while there is one", async () => {
  const { client, newest, fetched, on } = world();
  on().connected();
  const read = client.call("room:read", { room: "watercooler", seq: 3 });
  await Promise.resolve();
  expect(newest("room:read").input).toEqual({ room: "watercooler", seq: 3 });
  newest("room:read").answer({ ok: true, unread: 0, mentions: 0 });
  expect(await read).toMatchObject({ unread: 0, mentions: 0 });
  expect(fetched).toEqual([]);
});

test("without a socket, and for what sockets do not offer, REST serves", async () => {
  const { client, fetched, on } = world();
  await client.call("room:read", { room: "watercooler", seq: 3 });
  on().connected();
  await client.call("me:get", {});
  expect(fetched).toEqual([
    {
      url: "http://eddy.example/v1/rooms/watercooler/read",
      method: "PUT",
      token: "Bearer token",
    },
    { url: "http://eddy.example/v1/me", method: "GET", token: "Bearer token" },
  ]);
});

test("a refusal of the socket is thrown as one, with its hint and its issues", async () => {
  const { client, newest, on } = world();
  on().connected();
  const issues = [{ path: "seq", message: "Not a number" }];
  const refused = client.call("room:read", { room: "watercooler", seq: 3 });
  await Promise.resolve();
  newest("room:read").answer({
    ok: false,
    error: { code: "rate_limited", message: "Too fast", retryAfterMs: 70, issues },
  });
  await expect(refused).rejects.toMatchObject({
    name: "Refusal",
    code: "rate_limited",
    retryAfterMs: 70,
    issues,
  });
});

test("the fact of a message is as good as the answer to its send", () => {
  const { client, newest, on } = world();
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
  const { client, newest, on } = world();
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
  const { client, newest, on } = world();
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
  const { client, newest, on } = world();
  on().connected();
  const room = client.enter("cellar");
  newest("room:enter").answer({ ok: false, error: { code: "not_found", message: "No such room" } });
  await expect(room.entered).rejects.toMatchObject({ code: "not_found" });
  expect(room.state).toBe("closed");
  expect(client.enter("cellar")).not.toBe(room);
});

test("entering that is refused for now is tried again, no sooner than told", () => {
  const { client, newest, asked, on, pass } = world();
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
  const { client, newest, on, pass, tokenUsed } = world({ getToken: () => "newer" });
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
  const { client, newest, asked, on, pass } = world();
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
  const { client, newest, on, pass } = world();
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
  const { client, asked, newest, on } = world();
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
  const { client, newest, on, pass } = world();
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
  const { client, asked, newest, on, pass } = world({ sendWindow: 2 });
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
  const { client, newest, asked, on } = world();
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
  const { client, newest, asked, on, pass } = world();
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

test("[G18] a session that expires is renewed with a token that the app brings", async () => {
  const { newest, on, tokenUsed } = world({ getToken: () => "newer" });
  expect(tokenUsed()).toBe("token");
  on().connected();
  on().pushed("session.expiring", { at: AT });
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
  expect(newest("session:renew").input).toEqual({ token: "newer" });
});

test("a renewal that fails is told, and breaks nothing", async () => {
  const errors: string[] = [];
  const { client, on } = world({ getToken: () => Promise.reject(new Error("No sign-in")) });
  client.on("error", ({ message }) => errors.push(message));
  on().connected();
  on().pushed("session.expiring", { at: AT });
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
  expect([client.state, errors]).toEqual(["online", ["No sign-in"]]);
});

test("a push of a newer server is passed over", () => {
  const { client, on } = world();
  on().connected();
  on().pushed("room.sung", { room: WATERCOOLER });
  on().pushed("constructor", {});
  expect(client.state).toBe("online");
});

test("online resolves when there is a connection, and rejects with why there is none", async () => {
  const first = world();
  const online = first.client.online();
  first.on().connected();
  await online;
  const second = world();
  const refused = second.client.online();
  second.on().refused({ message: "No", data: { code: "banned", message: "You are banned" } });
  await expect(refused).rejects.toMatchObject({ code: "banned" });
  await expect(second.client.online()).rejects.toMatchObject({ code: "banned" });
});

test("closing answers everyone who waits", async () => {
  const { client, on, newest } = world();
  on().connected();
  const room = client.enter("watercooler");
  newest("room:enter").answer({ ok: true, ...new SimRoom().enter({}) });
  const stored = room.send("hello").until("stored");
  const read = room.call("room:read", { seq: 1 });
  client.close();
  await expect(stored).rejects.toMatchObject({ code: "unavailable" });
  await expect(read).rejects.toMatchObject({ code: "unavailable" });
});

test("dropping in makes a guest and connects as them", async () => {
  const opened: (string | null)[] = [];
  const sent: unknown[] = [];
  const guest = {
    user: { id: ada.id, name: "Ada", kind: "guest" },
    token: "guest token",
    expiresAt: "2030-01-01T00:00:00.000Z",
  };
  const { client, user } = await dropIn("http://eddy.example", "Ada", {
    fetch: (target, init) => {
      sent.push([urlOf(target), init?.method, init?.body]);
      return Promise.resolve(Response.json(guest, { status: 201 }));
    },
    transport: {
      open(token) {
        opened.push(token);
        return { request: () => {}, close: () => {} };
      },
    },
  });
  expect(sent).toEqual([["http://eddy.example/v1/guests", "POST", '{"displayName":"Ada"}']]);
  expect([opened, user.name, client.state]).toEqual([["guest token"], "Ada", "connecting"]);
  client.close();
});
