import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { v7 as uuidv7 } from "uuid";

import type { Contact, Direct, KnownProfile, MyProfile } from "../../protocol/people.ts";
import type { Message, Room } from "../../protocol/shapes.ts";
import { eventually } from "../support/eventually.ts";
import { command, openWorld, type Person, say, type World } from "../support/world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const people = <T extends string[]>(...names: T) =>
  Promise.all(names.map((name) => world.person(name))) as Promise<{ [K in keyof T]: Person }>;
const follow = (who: Person, whom: Person, body: object = {}) =>
  who.rest<Contact>("PUT", `/contacts/${whom.user.id}`, body);
const block = (who: Person, whom: Person) => who.rest("PUT", `/blocks/${whom.user.id}`, {});
const openDirect = (who: Person, whom: Person, text?: string) =>
  who.rest<Room>("POST", "/direct", { user: whom.user.id, text });
const directOf = async (who: Person) =>
  (await who.rest<{ items: Direct[] }>("GET", "/direct")).body.items;
const ids = (list: { id: string }[]) => new Set(list.map(({ id }) => id));
const introduce = (who: Person, a: Person, b: Person) =>
  who.rest<Room>("POST", "/introductions", {
    users: [a.user.id, b.user.id],
    text: "You both know kernels.",
  });
const counted = (answers: { status: number }[], status: number) =>
  answers.filter((answer) => answer.status === status).length;

async function connect(a: Person, b: Person): Promise<void> {
  await follow(a, b);
  await follow(b, a);
}

/** A handle that nobody has: letters only, so that it looks like no other. */
const fresh = (base: string) =>
  base +
  uuidv7()
    .slice(-8)
    .replaceAll(/\d/gu, (digit) => "ghjkpqrtxy".charAt(Number(digit)));

describe("a profile", () => {
  test("is what its person last said of themselves, and speaks at once", async () => {
    const [ada, grace] = await people("Ada", "Grace");
    const handle = fresh("ada");
    const changes = {
      name: "Ada Lovelace",
      handle,
      headline: "Writes notes",
      links: [{ title: "Notes", url: "https://example.com/notes" }],
      timeZone: "Europe/London",
    };
    const { status, body } = await ada.rest<MyProfile>("PATCH", "/me", changes);
    expect([status, body]).toEqual([200, expect.objectContaining({ ...changes, meetings: true })]);
    expect((await ada.rest<MyProfile>("GET", "/me")).body).toEqual(body);
    const seen = await grace.rest<KnownProfile>("GET", `/users/${handle}`);
    expect(seen.body).toMatchObject({ ...changes, id: ada.user.id });
    expect(seen.body).not.toHaveProperty("meetings");

    const room = await grace.openRoom();
    const socket = await ada.connect();
    const { seq } = await say(socket, room.id, "it is me");
    await eventually(async () => {
      const { body: message } = await grace.rest<Message>(
        "GET",
        `/rooms/${room.id}/messages/${seq}`,
      );
      expect(message.by.name).toBe("Ada Lovelace");
    });
    await ada.rest("PATCH", "/me", { headline: "", timeZone: "", links: [] });
    const { body: less } = await ada.rest<MyProfile>("GET", "/me");
    expect([less.headline, less.timeZone, less.links]).toEqual([undefined, undefined, []]);
  });

  test("a socket says the new name once its session is renewed", async () => {
    const [ada] = await people("Ada");
    const room = await ada.openRoom();
    const socket = await ada.connect();
    if (ada === undefined || room === undefined || socket === undefined)
      throw new Error("no scene");
    await ada.rest("PATCH", "/me", { name: "Countess" });
    await command(socket, "session:renew", { token: ada.token });
    const { seq } = await say(socket, room.id, "hello");
    const { events } = await command(socket, "room:history", { room: room.id });
    expect(events.find((fact) => fact.seq === seq)?.by.name).toBe("Countess");
  });

  test.each([
    ["its own", (handle: string) => handle],
    ["signs between", (handle: string) => `${handle.slice(0, 3)}_${handle.slice(3)}`],
    ["rn for m", (handle: string) => handle.replace("m", "rn")],
    ["1 for l", (handle: string) => handle.replace("l", "1")],
    ["0 for o", (handle: string) => handle.replace("o", "0")],
  ])("[security 7] a handle that looks like another's is refused: %s", async (_what, alike) => {
    const [ada, eve] = await people("Ada", "Eve");
    const handle = fresh("molly");
    expect((await ada.rest("PATCH", "/me", { handle })).status).toBe(200);
    const { status, body } = await eve.rest("PATCH", "/me", { handle: alike(handle) });
    expect([status, body.code]).toEqual([409, "conflict"]);
    expect((await ada.rest("PATCH", "/me", { handle })).status).toBe(200);
  });

  test("[security 7] nobody picks what looks like a handle that was made", async () => {
    const [ada, eve] = await people("Ada", "Eve");
    const made = ada.user.handle ?? "";
    for (const handle of [made, made.replace("-", "_"), "grace-l0fe1f"]) {
      const { body } = await eve.rest("PATCH", "/me", { handle });
      expect([handle, body.code]).toEqual([handle, "conflict"]);
    }
  });

  test("of many who want a handle at once, one has it", async () => {
    const crowd = await people("A", "B", "C", "D", "E", "F");
    const handle = fresh("queue");
    const answers = await Promise.all(
      crowd.map((person) => person.rest("PATCH", "/me", { handle })),
    );
    expect([counted(answers, 200), counted(answers, 409)]).toEqual([1, 5]);
  });

  test("a chosen handle is mentioned like any other", async () => {
    const [ada, grace] = await people("Ada", "Grace");
    const handle = fresh("grace");
    await grace.rest("PATCH", "/me", { handle });
    const room = await ada.openRoom();
    const { seq } = await say(await ada.connect(), room.id, `Over to @${handle}, please.`);
    const { body } = await ada.rest<Message>("GET", `/rooms/${room.id}/messages/${seq}`);
    expect(body.mentions).toEqual([grace.user.id]);
  });

  test.each([
    ["a handle in capitals", { handle: "Ada" }],
    ["a handle with two signs in a row", { handle: "ada--l" }],
    ["a link that is a script", { links: [{ title: "x", url: "javascript:alert(1)" }] }],
    [
      "six links",
      { links: Array.from({ length: 6 }, () => ({ title: "x", url: "https://example.com" })) },
    ],
    ["a time zone that is none", { timeZone: "Europe/Atlantis" }],
    ["nothing", {}],
  ])("refuses %s", async (_what, changes) => {
    const [ada] = await people("Ada");
    expect((await ada.rest("PATCH", "/me", changes)).status).toBe(400);
  });
});

describe("contacts", () => {
  test("two who follow each other are connected; the note is its writer's alone", async () => {
    const [ada, grace] = await people("Ada", "Grace");
    expect((await follow(ada, grace, { note: "knows compilers" })).body).toMatchObject({
      user: { id: grace.user.id },
      connected: false,
      note: "knows compilers",
    });
    const followers = await grace.rest<{ items: Contact[] }>("GET", "/contacts?show=followers");
    expect(followers.body.items).toEqual([
      expect.not.objectContaining({ note: expect.anything() }),
    ]);
    expect((await follow(grace, ada)).body).toMatchObject({ connected: true });
    // Saying it again keeps the note; an empty one takes it away.
    expect((await follow(ada, grace)).body).toMatchObject({ note: "knows compilers" });
    expect((await follow(ada, grace, { note: "" })).body).not.toHaveProperty("note");
    const seen = await ada.rest<KnownProfile>("GET", `/users/${grace.user.id}`);
    expect(seen.body.relation).toEqual({
      following: true,
      followsMe: true,
      connected: true,
      blocked: false,
    });
    expect((await ada.rest("DELETE", `/contacts/${grace.user.id}`)).status).toBe(204);
    const left = await grace.rest<{ items: Contact[] }>("GET", "/contacts?show=connected");
    expect(left.body.items).toEqual([]);
  });

  test("are listed page by page, the latest first, each once", async () => {
    const [ada, ...others] = await people("Ada", "B", "C", "D", "E", "F");
    for (const other of others) await follow(ada, other);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const path: string = `/contacts?limit=2${cursor === null ? "" : `&cursor=${cursor}`}`;
      const page = await ada.rest<{ items: Contact[]; nextCursor: string | null }>("GET", path);
      seen.push(...page.body.items.map(({ user }) => user.name));
      cursor = page.body.nextCursor;
    } while (cursor !== null);
    expect(seen).toEqual(["F", "E", "D", "C", "B"]);
  });

  test("nobody follows themselves, or someone who is not there", async () => {
    const [ada] = await people("Ada");
    expect((await ada.rest("PUT", `/contacts/${ada.user.id}`, {})).status).toBe(400);
    expect((await ada.rest("PUT", `/contacts/${uuidv7()}`, {})).status).toBe(404);
  });
});

describe("a block", () => {
  test("ends following on both sides, and forbids what two do with each other", async () => {
    const [ada, eve] = await people("Ada", "Eve");
    await connect(ada, eve);
    expect((await block(ada, eve)).status).toBe(204);
    for (const person of [ada, eve]) {
      const { body } = await person.rest<{ items: Contact[] }>("GET", "/contacts");
      expect(body.items).toEqual([]);
    }
    for (const [who, whom] of [
      [ada, eve],
      [eve, ada],
    ] as const) {
      expect((await follow(who, whom)).status).toBe(403);
      expect((await openDirect(who, whom)).status).toBe(403);
    }
    const blocked = await ada.rest<{ items: Contact[] }>("GET", "/blocks");
    expect(blocked.body.items.map(({ user }) => user.id)).toEqual([eve.user.id]);
    // Who is blocked does not learn of it.
    const seen = await eve.rest<KnownProfile>("GET", `/users/${ada.user.id}`);
    expect(seen.body.relation.blocked).toBe(false);
    expect((await ada.rest("DELETE", `/blocks/${eve.user.id}`)).status).toBe(204);
    expect((await follow(eve, ada)).status).toBe(200);
  });

  test("locks the conversation of the two, on every gateway, until no one of them blocks the other", async () => {
    const [ada, eve] = await people("Ada", "Eve");
    const second = await world.addGateway();
    await connect(ada, eve);
    const { body: room } = await openDirect(ada, eve);
    const speak = () =>
      eve.rest(
        "POST",
        `/rooms/${room.id}/messages`,
        { clientId: uuidv7(), text: "hello?" },
        { gateway: second },
      );
    expect((await speak()).status).toBe(200);
    await block(ada, eve);
    expect((await speak()).body.code).toBe("locked");
    await block(eve, ada);
    await ada.rest("DELETE", `/blocks/${eve.user.id}`);
    expect((await speak()).body.code).toBe("locked");
    await eve.rest("DELETE", `/blocks/${ada.user.id}`);
    expect((await speak()).status).toBe(200);
  });
});

describe("a conversation of two", () => {
  test("of contacts is open at once, and the same whoever opens it", async () => {
    const [ada, grace, eve] = await people("Ada", "Grace", "Eve");
    await connect(ada, grace);
    const answers = await Promise.all([openDirect(ada, grace), openDirect(grace, ada)]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(answers[0]?.body.id).toBe(answers[1]?.body.id);
    const room = answers[0]?.body.id ?? "";
    expect(answers[0]?.body).toMatchObject({ direct: true, visibility: "private" });
    const { seq } = await say(await ada.connect(), room, "just us");
    expect((await grace.rest("GET", `/rooms/${room}/messages/${seq}`)).status).toBe(200);
    expect((await eve.rest("GET", `/rooms/${room}`)).status).toBe(404);
    // Nobody leads it, so nobody can open it to others.
    expect((await ada.rest("PATCH", `/rooms/${room}`, { visibility: "public" })).status).toBe(403);
    expect(await directOf(ada)).toMatchObject([
      { room: { id: room }, people: [{ id: grace.user.id }], state: "open" },
    ]);
  });

  test("with a stranger is asked for: they see the first line, and agree by opening it", async () => {
    const [ada, grace] = await people("Ada", "Grace");
    const { body: room } = await openDirect(ada, grace, "May I ask about your compiler?");
    expect((await grace.rest("GET", `/rooms/${room.id}`)).status).toBe(404);
    await eventually(async () =>
      expect(await directOf(grace)).toMatchObject([
        {
          room: { id: room.id },
          people: [{ id: ada.user.id }],
          state: "asked",
          askedBy: ada.user.id,
          firstLine: "May I ask about your compiler?",
        },
      ]),
    );
    expect((await openDirect(grace, ada, "Do!")).body.id).toBe(room.id);
    const { body } = await grace.rest<{ items: Message[] }>("GET", `/rooms/${room.id}/messages`);
    expect(body.items.map(({ text }) => text)).toEqual(
      expect.arrayContaining(["Do!", "May I ask about your compiler?"]),
    );
    expect(await directOf(ada)).toMatchObject([{ state: "open" }]);
  });

  test("that is declined is gone for who was asked, and looks unanswered to who asked", async () => {
    const [ada, grace] = await people("Ada", "Grace");
    const { body: room } = await openDirect(ada, grace, "Buy now");
    expect((await grace.rest("DELETE", `/direct/${ada.user.id}`)).status).toBe(204);
    expect(await directOf(grace)).toEqual([]);
    expect((await openDirect(ada, grace)).body.id).toBe(room.id);
    expect(await directOf(grace)).toEqual([]);
    expect(await directOf(ada)).toMatchObject([{ state: "asked", askedBy: ada.user.id }]);
    expect((await grace.rest("DELETE", `/direct/${ada.user.id}`)).status).toBe(404);
    // They may think again.
    expect((await openDirect(grace, ada)).body.id).toBe(room.id);
    expect(await directOf(ada)).toMatchObject([{ state: "open" }]);
  });

  test("nobody asks more strangers than twenty who have not agreed", async () => {
    const [ada, ...strangers] = await people(
      "Ada",
      ...Array.from({ length: 21 }, (_, i) => `S${i}`),
    );
    const answers = await Promise.all(strangers.map((each) => openDirect(ada, each)));
    expect([counted(answers, 200), counted(answers, 429)]).toEqual([20, 1]);
    const last = await world.person("Late");
    expect((await openDirect(ada, last)).body.code).toBe("rate_limited");
    await follow(last, ada);
    expect((await openDirect(ada, last)).status).toBe(200);
  });
});

describe("an introduction", () => {
  test("is a conversation of three that begins with a line", async () => {
    const [ada, grace, linus] = await people("Ada", "Grace", "Linus");
    await connect(ada, grace);
    await connect(ada, linus);
    expect((await introduce(grace, ada, linus)).status).toBe(403);
    expect((await introduce(ada, ada, linus)).status).toBe(400);
    const { status, body: room } = await introduce(ada, grace, linus);
    expect(status).toBe(201);
    for (const person of [ada, grace, linus]) {
      const { body } = await person.rest<{ items: Message[] }>("GET", `/rooms/${room.id}/messages`);
      expect(body.items).toMatchObject([
        { text: "You both know kernels.", by: { id: ada.user.id } },
      ]);
      const [listed] = await directOf(person);
      expect(ids([...(listed?.people ?? []), person.user])).toEqual(
        ids([ada.user, grace.user, linus.user]),
      );
    }
    await block(grace, linus);
    expect((await introduce(ada, grace, linus)).status).toBe(403);
  });
});
