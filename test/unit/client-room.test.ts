import { expect, test } from "@jest/globals";

import { createClient, type ClientOptions } from "../../client/client.ts";
import type { OutgoingMessage } from "../../client/outgoing.ts";
import { newSend } from "../../client/send.ts";
import type { Transport, TransportEvents } from "../../client/transport.ts";
import { draftOf, people } from "../simulation/happenings.ts";
import { WATERCOOLER } from "../simulation/sim-room.ts";
import { SimServer } from "../simulation/sim-server.ts";
import { virtualClock } from "../simulation/virtual-clock.ts";

const [ada, grace] = people.map((person) => ({ ...person }));

const evenly = () => 0.5;

/** A calm server, and clients of it in virtual time. */
function world() {
  const clock = virtualClock();
  const server = new SimServer(clock, evenly);
  const pass = async (ms: number) => {
    const until = clock.now() + ms;
    while (clock.tick(until)) for (let turn = 0; turn < 8; turn += 1) await Promise.resolve();
  };
  const client = (options: Partial<ClientOptions> = {}, user = ada) =>
    createClient({
      url: "http://eddy.example",
      token: "token",
      ...(user === undefined ? {} : { user, transport: server.transportFor(user) }),
      clock,
      random: evenly,
      ...options,
    });
  /** Someone else says things. */
  const say = (count: number) => {
    const { head } = server.room;
    for (let index = 0; index < count; index += 1) {
      const draft = draftOf(server.room, { kind: "send", who: 1, pick: 0, other: 0 });
      if (draft !== null) server.room.append(draft);
    }
    server.tell(head);
  };
  return { clock, server, pass, client, say };
}

const texts = (outgoing: readonly OutgoingMessage[]) =>
  outgoing.map(({ text, state }) => `${text} ${state}`);

test("what is said before the room is there goes out once it is, in order", async () => {
  const { client, pass, server } = world();
  const room = client().enter("watercooler");
  const first = room.send("first");
  const second = room.send("second", { replyTo: 1 });
  expect(texts(room.outgoing)).toEqual(["first queued", "second queued"]);
  const stored = second.until("stored");
  await pass(2_000);
  expect(await stored).toEqual({ epoch: 1, seq: 2 });
  expect([first.state, first.place]).toEqual(["stored", { epoch: 1, seq: 1 }]);
  expect(server.room.facts).toMatchObject([{ text: "first" }, { text: "second", replyTo: 1 }]);
  expect(room.outgoing).toEqual([]);
});

test("a listener that speaks while another message is told of does not get ahead of it", async () => {
  const { client, pass, server } = world();
  const room = client().enter("watercooler");
  let echoed = false;
  room.on("outgoing", ({ text }) => {
    if (echoed || text !== "one") return;
    echoed = true;
    room.send("echo");
  });
  room.send("one");
  room.send("two");
  await pass(2_000);
  const said = server.room.facts.map((fact) => (fact.type === "message.sent" ? fact.text : ""));
  expect(said).toEqual(["one", "echo", "two"]);
});

test("[G3] a page that is loaded again sends what the last one could not", async () => {
  const { client, pass, server } = world();
  const kept = new Map<string, string>();
  const storage = {
    get: (key: string) => kept.get(key) ?? null,
    set: (key: string, value: string | null) =>
      void (value === null ? kept.delete(key) : kept.set(key, value)),
  };
  const before = client({ storage });
  const message = before.enter("watercooler").send("said on a train");
  const lost = message.until("accepted");
  before.close();
  await expect(lost).rejects.toMatchObject({ code: "unavailable" });
  expect(server.room.facts).toEqual([]);

  const after = client({ storage });
  const room = after.enter("watercooler");
  expect(texts(room.outgoing)).toEqual(["said on a train queued"]);
  room.send("and arrived");
  await pass(2_000);
  expect(server.room.facts).toMatchObject([
    { text: "said on a train", clientId: message.clientId },
    { text: "and arrived" },
  ]);
  expect(kept.size).toBe(0);
});

test("[G3] a slow storage is waited for: what it holds is older than what is said now", async () => {
  const { client, clock, pass, server } = world();
  const older = JSON.stringify([newSend("01900000-0000-7000-8000-0000000000aa", "older")]);
  const storage = {
    get: () => new Promise<string>((resolve) => clock.after(1_000, () => resolve(older))),
    set: () => {},
  };
  const room = client({ storage }).enter("watercooler");
  room.send("newer");
  await pass(500);
  expect(server.room.facts).toEqual([]);
  await pass(2_000);
  expect(server.room.facts).toMatchObject([{ text: "older" }, { text: "newer" }]);
});

test("[G3] a storage without a user is refused: another's messages could go out as theirs", () => {
  const storage = { get: () => null, set: () => {} };
  expect(() => createClient({ url: "http://eddy.example", storage })).toThrow(TypeError);
});

test("a room that closes fails what was not accepted, and says why", async () => {
  const { client, pass, server } = world();
  const room = client().enter("watercooler");
  const closed: unknown[] = [];
  room.on("closed", ({ reason, until }) => closed.push([reason, until]));
  await pass(100);
  const until = "2030-01-01T00:00:00.000Z";
  server.push("room.closed", { room: WATERCOOLER, reason: "banned", until });
  room.send("under way");
  const before = room.send("behind it");
  const stored = before.until("stored").catch((error: unknown) => error);
  await pass(10);
  const after = room.send("later still");
  await pass(2_000);
  expect([room.state, closed]).toEqual(["closed", [["banned", until]]]);
  expect(await stored).toMatchObject({ name: "Refusal", code: "banned" });
  expect([before, after].map(({ refusal }) => refusal?.code)).toEqual(["banned", "forbidden"]);
});

test("a room that closes while it is being entered is closed, although its reply never came", async () => {
  const lines: TransportEvents[] = [];
  const transport: Transport = {
    open: (_token, events) => {
      lines.push(events);
      queueMicrotask(() => events.connected());
      return { request: () => {}, close: () => {} };
    },
  };
  const person = createClient({ url: "http://eddy.example", token: "token", transport });
  const room = person.enter(WATERCOOLER);
  room.entered.catch(() => {});
  await person.online();
  expect([room.state, room.id]).toEqual(["entering", null]);
  lines[0]?.pushed("room.closed", { room: WATERCOOLER, reason: "kicked" });
  expect(room.state).toBe("closed");
  person.close();
});

test("leaving fails what waits, and coming back is a new visit", async () => {
  const { client, pass, say } = world();
  const person = client();
  const room = person.enter("watercooler");
  await pass(100);
  say(2);
  await pass(100);
  room.leave();
  expect(room.state).toBe("closed");
  const again = person.enter("watercooler");
  expect(again).not.toBe(room);
  await pass(100);
  say(1);
  await pass(100);
  expect(room.view.messages).toHaveLength(2);
  expect(again.view.messages).toHaveLength(3);
});

test("a room that is entered twice is one", async () => {
  const { client } = world();
  const person = client();
  expect(person.enter("watercooler")).toBe(person.enter("watercooler"));
});

test("older pages come before the view, and stay there while the room goes on", async () => {
  const { client, pass, say } = world();
  say(10);
  const room = client().enter("watercooler", { limit: 3, maxViewFacts: 4 });
  await pass(100);
  const seqs = () => room.view.messages.map(({ seq }) => seq);
  expect(seqs()).toEqual([8, 9, 10]);
  const page = room.history({ limit: 4 });
  await pass(100);
  expect((await page).more).toBe(true);
  expect(seqs()).toEqual([4, 5, 6, 7, 8, 9, 10]);
  say(1);
  await pass(100);
  expect(seqs()).toEqual([4, 5, 6, 7, 8, 9, 10, 11]);
});

test("a page that does not touch the view is read, and leaves the view as it is", async () => {
  const { client, pass, say } = world();
  say(10);
  const room = client().enter("watercooler", { limit: 3 });
  await pass(100);
  const page = room.history({ before: 4, limit: 2 });
  await pass(100);
  expect((await page).events.map(({ seq }) => seq)).toEqual([2, 3]);
  expect(room.view.messages).toHaveLength(3);
});

test("a view keeps no more facts than it may", async () => {
  const { client, pass, say } = world();
  const bounded = client().enter("watercooler", { maxViewFacts: 20 });
  const none = client({}, grace).enter("watercooler", { maxViewFacts: 0 });
  await pass(100);
  for (let index = 0; index < 50; index += 1) {
    say(1);
    await pass(30);
    expect(bounded.view.journal.length).toBeLessThanOrEqual(20);
  }
  expect(bounded.view.messages.at(-1)?.seq).toBe(50);
  expect([none.view.journal.length, none.cursor?.seq]).toEqual([0, 50]);
});

test("[G3] text that a reset put in doubt is read anew", async () => {
  const { client, pass, say, server } = world();
  const edit = (text: string) =>
    server.room.append({
      type: "message.edited",
      at: `2024-01-01T00:00:00.00${text}Z`,
      by: { ...server.room.facts[0]?.by, ...people[1] } as (typeof people)[number],
      target: 1,
      text,
    });
  say(1);
  edit("1");
  server.room.store();
  edit("2");
  const room = client().enter("watercooler");
  await pass(100);
  expect(room.view.messages[0]?.text).toBe("2");
  server.push("room.reset", server.room.lose());
  await pass(200);
  expect(room.view.messages[0]?.text).toBe("1");
});

test("presence is counted by the server, and shows those who came last", async () => {
  const { client, pass, server } = world();
  const room = client().enter("watercooler");
  await pass(100);
  const [one, two] = people.map(({ id, name }) => ({ id, name, kind: "guest" as const }));
  if (one === undefined || two === undefined) throw new Error("Too few people");
  const push = { room: WATERCOOLER, count: 40, joined: [one, two], left: [] };
  server.push("room.presence", push);
  server.push("room.presence", { ...push, count: 39, joined: [], left: [one.id] });
  await pass(100);
  expect(room.presence).toEqual({ count: 39, users: [two] });
});

test("the cursor carries on in another session, and nothing comes twice", async () => {
  const { client, pass, say } = world();
  const before = client();
  const room = before.enter("watercooler");
  say(3);
  await pass(100);
  const { cursor } = room;
  before.close();
  say(2);
  const heard: number[] = [];
  const again = client().enter("watercooler", cursor === null ? {} : { since: cursor });
  again.on("facts", ({ facts }) => heard.push(...facts.map(({ seq }) => seq)));
  await pass(100);
  expect(heard).toEqual([4, 5]);
});
