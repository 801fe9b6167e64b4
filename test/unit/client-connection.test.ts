import { expect, test } from "@jest/globals";

import { createConnection, type Answer, type ConnectionState } from "../../client/connection.ts";
import type { TransportEvents } from "../../client/transport.ts";
import { virtualClock } from "../simulation/virtual-clock.ts";

/** A connection over a transport whose every event is ours to cause. */
function world({
  renewable = false,
  tokens = ["first"],
}: { renewable?: boolean; tokens?: (string | Promise<string>)[] } = {}) {
  const clock = virtualClock();
  const states: ConnectionState[] = [];
  const errors: string[] = [];
  const opened: {
    token: string | null;
    events: TransportEvents;
    closed: boolean;
    asked: { name: string; answer: (reply: unknown) => void }[];
  }[] = [];
  const asks: boolean[] = [];
  let listener: ((state: ConnectionState) => void) | undefined;
  const onState = (listen: typeof listener) => {
    listener = listen;
  };
  const connection = createConnection({
    transport: {
      open(token, events) {
        const link = {
          token,
          events,
          closed: false,
          asked: [] as (typeof opened)[number]["asked"],
        };
        opened.push(link);
        return {
          request: (name, _input, answer) => void link.asked.push({ name, answer }),
          close: () => void (link.closed = true),
        };
      },
    },
    token: (fresh) => {
      asks.push(fresh);
      return tokens[Math.min(asks.length, tokens.length) - 1] ?? null;
    },
    renewable,
    clock,
    random: () => 0.5,
    answerTimeoutMs: 10_000,
    onState: (state, error) => {
      states.push(state);
      listener?.(state);
      if (error !== undefined) errors.push(error.code);
    },
    onPush: () => {},
  });
  const pass = (ms: number) => {
    const until = clock.now() + ms;
    while (clock.tick(until));
  };
  const newest = () => {
    const link = opened.at(-1);
    if (link === undefined) throw new Error("Nothing was opened");
    return link;
  };
  return { connection, states, errors, opened, newest, pass, asks, onState };
}

test("a connection that is cut comes back after a wait that grows", () => {
  const { states, opened, newest, pass } = world();
  newest().events.connected();
  newest().events.disconnected("transport close");
  expect(states).toEqual(["connecting", "online", "offline"]);
  pass(249);
  expect(opened).toHaveLength(1);
  pass(1);
  expect(opened).toHaveLength(2);
  newest().events.refused({ message: "websocket error" });
  pass(374);
  expect(opened).toHaveLength(2);
  pass(1);
  expect(opened).toHaveLength(3);
});

test("a connection that dies at once counts as a failure, one that lasts does not", () => {
  const { opened, newest, pass } = world();
  for (const wait of [250, 375, 563]) {
    newest().events.connected();
    newest().events.disconnected("transport close");
    const before = opened.length;
    pass(wait - 1);
    expect(opened).toHaveLength(before);
    pass(1);
  }
  newest().events.connected();
  pass(5_000);
  newest().events.disconnected("transport close");
  const before = opened.length;
  pass(250);
  expect(opened).toHaveLength(before + 1);
});

test("[G16] a retry hint of the server is waited out", () => {
  const { opened, newest, pass } = world();
  const data = { code: "unavailable", message: "Stopping", retryAfterMs: 2_000 };
  newest().events.refused({ message: "Stopping", data });
  pass(2_000);
  expect(opened).toHaveLength(1);
  pass(250);
  expect(opened).toHaveLength(2);
});

test("a handshake that is refused for good ends the connection and says why", () => {
  const { connection, states, errors, newest, pass, opened } = world();
  newest().events.refused({ message: "No", data: { code: "forbidden", message: "No" } });
  pass(100_000);
  expect([connection.state, states.at(-1), errors, opened.length]).toEqual([
    "closed",
    "closed",
    ["forbidden"],
    1,
  ]);
});

test("a fixed token that is refused ends the connection", () => {
  const { connection, newest } = world();
  const data = { code: "unauthenticated", message: "Expired" };
  newest().events.refused({ message: "Expired", data });
  expect(connection.state).toBe("closed");
});

test("a token that is refused is replaced by a fresh one", () => {
  const { newest, pass, asks } = world({ renewable: true, tokens: ["first", "second"] });
  const data = { code: "unauthenticated", message: "Expired" };
  newest().events.refused({ message: "Expired", data });
  pass(1_000);
  expect(newest().token).toBe("second");
  expect(asks).toEqual([false, true]);
});

test("a token that cannot be had now is asked for again", async () => {
  const failing = Promise.reject(new Error("The sign-in is down"));
  const { newest, pass, states } = world({ renewable: true, tokens: [failing, "second"] });
  await failing.catch(() => null);
  await Promise.resolve();
  expect(states.at(-1)).toBe("offline");
  pass(1_000);
  expect(newest().token).toBe("second");
});

test("[G15] every command is answered once, also when the connection goes", () => {
  const { connection, newest, states } = world();
  newest().events.connected();
  const answers: Answer[] = [];
  let stateAtAnswer: ConnectionState | undefined;
  connection.request("room:read", {}, (answer) => {
    stateAtAnswer = states.at(-1);
    answers.push(answer);
  });
  const [asked] = newest().asked;
  newest().events.disconnected("transport close");
  asked?.answer({ ok: true });
  expect(answers).toMatchObject([{ ok: false, lost: true, error: { code: "unavailable" } }]);
  // Rooms must have seen the break before they see lost answers.
  expect(stateAtAnswer).toBe("offline");
});

test("a line that says nothing for as long as an answer may take is dead", () => {
  const { connection, newest, pass, states } = world();
  newest().events.connected();
  const answers: Answer[] = [];
  connection.request("room:read", {}, (answer) => answers.push(answer));
  pass(10_000);
  expect(states.at(-1)).toBe("offline");
  expect(answers).toMatchObject([{ ok: false, lost: true }]);
});

test("an unanswered command on a line that still speaks costs only that command", () => {
  const { connection, newest, pass, states } = world();
  newest().events.connected();
  const answers: Answer[] = [];
  connection.request("room:read", {}, (answer) => answers.push(answer));
  pass(5_000);
  newest().events.pushed("room.head", {});
  pass(5_000);
  expect(states.at(-1)).toBe("online");
  expect(answers).toMatchObject([{ ok: false, lost: true }]);
});

test("an answer that is none of the contract's is a loss, not a crash", () => {
  const { connection, newest } = world();
  newest().events.connected();
  const answers: Answer[] = [];
  for (const reply of [undefined, "ok", { ok: false }, { ok: false, error: { code: "?" } }]) {
    connection.request("room:read", {}, (answer) => answers.push(answer));
    newest().asked.at(-1)?.answer(reply);
  }
  expect(answers.map((answer) => answer.ok)).toEqual([false, false, false, false]);
});

test("what an earlier connection still says is not heard", () => {
  const { newest, pass, states, opened } = world();
  const old = newest().events;
  old.connected();
  old.disconnected("transport close");
  pass(1_000);
  newest().events.connected();
  old.connected();
  old.disconnected("again");
  old.refused({ message: "No", data: { code: "banned", message: "No" } });
  expect([states.at(-1), opened.length]).toEqual(["online", 2]);
});

test("closing ends it for good, also while a token is awaited", async () => {
  const token = Promise.resolve("late");
  const { connection, opened, pass } = world({ renewable: true, tokens: [token] });
  connection.close();
  await token;
  pass(100_000);
  expect([connection.state, opened.length]).toEqual(["closed", 0]);
});

test("who closes it on hearing that it connects is obeyed", () => {
  const { connection, newest, pass, opened, onState } = world();
  newest().events.connected();
  newest().events.disconnected("transport close");
  onState((state) => {
    if (state === "connecting") connection.close();
  });
  pass(100_000);
  expect([connection.state, opened.length]).toEqual(["closed", 1]);
});

test("retryNow tries at once, and leaves a standing connection alone", () => {
  const { connection, newest, opened } = world();
  newest().events.connected();
  connection.retryNow();
  expect(opened).toHaveLength(1);
  newest().events.disconnected("transport close");
  connection.retryNow();
  expect(opened).toHaveLength(2);
});

test("a session that ended in the midst brings a fresh token, once for all rooms", () => {
  const { connection, newest, pass, asks, opened } = world({
    renewable: true,
    tokens: ["first", "second"],
  });
  newest().events.connected();
  connection.signInAgain();
  connection.signInAgain();
  pass(1_000);
  expect([asks, opened.length, newest().token]).toEqual([[false, true], 2, "second"]);
});
