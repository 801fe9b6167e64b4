import { afterAll, beforeAll, expect, test } from "@jest/globals";

import { openStore, type Store } from "../../db/postgres/connection.ts";
import type { Meeting, SeenPerson } from "../../protocol/people.ts";
import type { Room } from "../../protocol/shapes.ts";
import { eventually } from "../support/eventually.ts";
import { openWorld, type Person, say, type World } from "../support/world.ts";

let world: World;
let backstage: Store;
beforeAll(async () => {
  world = await openWorld();
  backstage = openStore({ url: world.stores.databaseUrl, name: "test", connections: 1 });
});
afterAll(async () => {
  await backstage.close();
  await world.close();
});

const names = ({ items }: { items: (SeenPerson | Meeting)[] }) =>
  items.map(({ user }) => user.name);
const missed = async (who: Person, room: Room) =>
  (await who.rest<{ items: SeenPerson[] }>("GET", `/rooms/${room.id}/missed-people`)).body;
const meetings = async (who: Person) =>
  (await who.rest<{ items: Meeting[] }>("GET", "/me/meetings")).body;

async function speak(who: Person, room: Room, text: string): Promise<number> {
  return (await say(await who.connect(), room.id, text)).seq;
}

async function people<T extends string[]>(...given: T) {
  const all = await Promise.all(given.map((name) => world.person(name)));
  return all as { [K in keyof T]: Person };
}

/** As if all that was said so far had been said a day earlier. */
const aDayPasses = (room: Room) =>
  backstage.sql`UPDATE facts SET at = at - interval '1 day' WHERE room_id = ${room.id}`;

test("who was here while I was away: who spoke since my marker, but for who wants not to be shown", async () => {
  const [ada, grace, shy, foe] = await people("Ada", "Grace", "Shy", "Foe");
  const room = await ada.openRoom();
  await speak(grace, room, "before");
  const read = await speak(ada, room, "bye");
  await ada.rest("PUT", `/rooms/${room.id}/read`, { seq: read });
  await shy.rest("PATCH", "/me", { meetings: false });
  await ada.rest("PUT", `/blocks/${foe.user.id}`, {});
  await speak(shy, room, "hello");
  await speak(foe, room, "hello");
  const stranger = await world.person("Stranger");
  await speak(stranger, room, "anyone?");
  await speak(stranger, room, "hm");
  await eventually(async () =>
    expect((await missed(ada, room)).items).toMatchObject([
      { user: { name: "Stranger" }, messages: 2, lastAt: expect.any(String) },
    ]),
  );
  expect(await missed(await world.person("New"), room)).toEqual({ items: [] });
});

test("people I keep meeting: who speaks next to me on more than one day, but for who wants not to be shown", async () => {
  const [ada, grace, shy, once] = await people("Ada", "Grace", "Shy", "Once");
  const room = await ada.openRoom();
  await shy.rest("PATCH", "/me", { meetings: false });
  let last = 0;
  for (const who of [ada, grace, shy, once]) last = await speak(who, room, "monday");
  await eventually(async () => {
    const { status } = await ada.rest("GET", `/rooms/${room.id}/messages/${last}`);
    expect(status).toBe(200);
    const [row] =
      await backstage.sql`SELECT 1 FROM facts WHERE room_id = ${room.id} AND seq = ${last}`;
    expect(row).toBeDefined();
  });
  expect(names(await meetings(ada))).toEqual([]);
  await aDayPasses(room);
  for (const who of [ada, grace, shy]) await speak(who, room, "tuesday");
  await eventually(async () =>
    expect((await meetings(ada)).items).toMatchObject([
      { user: { name: "Grace" }, days: 2, rooms: 1 },
    ]),
  );
  await grace.rest("PATCH", "/me", { meetings: false });
  expect(names(await meetings(ada))).toEqual([]);
  expect(names(await meetings(grace))).toEqual(["Ada"]);
});
