import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { v7 as uuidv7 } from "uuid";

import { openStore, type Store } from "../../db/postgres/connection.ts";
import type { Room, Weather } from "../../protocol/shapes.ts";
import { eventually } from "../support/eventually.ts";
import { command, openWorld, type Person, say, type World } from "../support/world.ts";

let world: World;
let ada: Person;
let grace: Person;
let backstage: Store;
beforeAll(async () => {
  world = await openWorld();
  backstage = openStore({ url: world.stores.databaseUrl, name: "test", connections: 1 });
  [ada, grace] = await Promise.all([world.person("Ada"), world.person("Grace")]);
});
afterAll(async () => {
  await backstage.close();
  await world.close();
});

/** A tag of one test's own, so that its rooms are alone on their list. */
const ownTag = () => `t${uuidv7().slice(-12)}`;

async function openRooms<T extends string[]>(tag: string, ...titles: T) {
  const rooms: Room[] = [];
  for (const title of titles) {
    const room = await ada.openRoom(title);
    await ada.rest("PATCH", `/rooms/${room.id}`, { tags: [tag] });
    rooms.push(room);
  }
  return rooms as { [K in keyof T]: Room };
}

const list = async (query: string, who = ada) =>
  (await who.rest<{ items: Room[]; nextCursor: string | null }>("GET", `/rooms?${query}`)).body;
const titles = async (query: string, who = ada) =>
  (await list(query, who)).items.map(({ title }) => title);

const weather = async (who: Person, room: Room) =>
  (await who.rest<Weather>("GET", `/rooms/${room.slug}/weather`)).body;

async function talk(room: Room, times: number): Promise<void> {
  const socket = await grace.connect();
  for (let i = 0; i < times; i += 1) await say(socket, room.id, `line ${i}`);
}

describe("the directory", () => {
  test("shows where people are and talk first, and where nobody is last", async () => {
    const tag = ownTag();
    const [talked, , crowded] = await openRooms(tag, "Talked", "Empty", "Crowded");
    await talk(talked, 3);
    for (const name of ["P", "Q", "R", "S"]) {
      const socket = await (await world.person(name)).connect();
      await command(socket, "room:enter", { room: crowded.id });
    }
    await eventually(async () => {
      const { items } = await list(`tag=${tag}`);
      expect(items.map(({ title, live }) => [title, live])).toEqual([
        ["Crowded", { present: 4, messagesLast5m: 0 }],
        ["Talked", { present: 0, messagesLast5m: 3 }],
        ["Empty", { present: 0, messagesLast5m: 0 }],
      ]);
    });
    expect(await titles(`tag=${tag}&sort=new`)).toEqual(["Crowded", "Empty", "Talked"]);
  });

  test("puts a room that grows above one that said as much and falls", async () => {
    const tag = ownTag();
    const [falling, growing] = await openRooms(tag, "Falling", "Growing");
    await backstage.sql`
      INSERT INTO room_minutes (room_id, minute, messages) VALUES
      (${falling.id}, now() - interval '1 minute', 10), (${growing.id}, now() - interval '1 minute', 10),
      (${falling.id}, now() - interval '9 minutes', 200)`;
    expect(await titles(`tag=${tag}`)).toEqual(["Growing", "Falling"]);
    expect([(await weather(ada, falling)).trend, (await weather(ada, growing)).trend]).toEqual([
      "falling",
      "rising",
    ]);
  });

  test("is read page by page, each room once", async () => {
    const tag = ownTag();
    const rooms = await openRooms(tag, "A", "B", "C", "D", "E");
    await talk(rooms[2], 2);
    await eventually(async () => expect((await titles(`tag=${tag}`))[0]).toBe("C"));
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page = await list(`tag=${tag}&limit=2${cursor === null ? "" : `&cursor=${cursor}`}`);
      seen.push(...page.items.map(({ title }) => title));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(seen).toEqual(["C", "E", "D", "B", "A"]);
  });

  test("of mine are those I am in, private ones too, and no conversations of two", async () => {
    const eve = await world.person("Eve");
    await eve.openRoom("Hidden", { visibility: "private" });
    await eve.rest("POST", "/direct", { user: ada.user.id });
    expect(await titles("show=mine", eve)).toEqual(["Hidden"]);
    expect(await titles("q=Hidden", eve)).toEqual([]);
  });

  test("finds words of titles and topics as they stand, and tags are counted", async () => {
    const tag = ownTag();
    const [tea] = await openRooms(tag, "100% tea_time", "100 more");
    expect(await titles(`tag=${tag}&q=${encodeURIComponent("100% TEA_")}`)).toEqual([tea.title]);
    const { body } = await ada.rest<{ items: object[] }>("GET", "/tags?limit=200");
    expect(body.items).toContainEqual({ tag, rooms: 2 });
  });
});

describe("the weather in a room", () => {
  test("tells the pace, who speaks, and what I have not read; not of people whom I block", async () => {
    const [room] = await openRooms(ownTag(), "Breezy");
    await ada.rest("PUT", `/rooms/${room.id}/read`, { seq: 0 });
    await talk(room, 4);
    await say(await ada.connect(), room.id, "mine");
    const read = (who: Person) => weather(who, room);
    await eventually(async () =>
      expect(await read(ada)).toMatchObject({
        messagesLast5m: 5,
        perMinute: 0.3,
        trend: "rising",
        speakers: [
          { user: { id: grace.user.id }, messages: 4 },
          { user: { id: ada.user.id }, messages: 1 },
        ],
        lastMessageAt: expect.any(String),
      }),
    );
    expect((await read(ada)).unread).toBeGreaterThan(0);
    const eve = await world.person("Eve");
    await eve.rest("PUT", `/blocks/${grace.user.id}`, {});
    expect((await read(eve)).speakers).toMatchObject([{ user: { id: ada.user.id } }]);
    expect((await read(eve)).unread).toBe(0);
  });

  test("[security 10] of a private room is not told to strangers", async () => {
    const room = await ada.openRoom("Hush", { visibility: "private" });
    expect((await grace.rest("GET", `/rooms/${room.id}/weather`)).status).toBe(404);
  });
});
