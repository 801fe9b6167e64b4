import { afterAll, beforeAll, expect, test } from "@jest/globals";

import type { Room, UnreadRoom } from "../../protocol/shapes.ts";
import { eventually } from "../support/eventually.ts";
import { type Person, say } from "../support/world.ts";
import { barriersIn, openBath, type Bath, type Visitor } from "./people.ts";

let bath: Bath;
let host: Person;
beforeAll(async () => {
  bath = await openBath();
  host = await bath.world.person("Host");
}, 60_000);
afterAll(() => bath.close());

const title = () => `Reading ${Math.random().toString(36).slice(2, 10)}`;

async function talk(room: Room, from: number, count: number): Promise<void> {
  const socket = await host.connect();
  for (let i = from; i < from + count; i += 1) await say(socket, room.id, `line ${i}`);
  await untilListed(room, from + count - 1);
  socket.disconnect();
}

/** What is said is on the list of unread rooms once it is stored. */
async function untilListed(room: Room, seq: number): Promise<void> {
  await eventually(async () => {
    const { body } = await host.rest<{ items: UnreadRoom[] }>("GET", "/unread");
    const item = body.items.find((each) => each.room === room.id);
    expect(item?.head).toBeGreaterThanOrEqual(seq);
  });
}

/** Goes out of the room, to the list of rooms. */
async function goOut({ page }: Visitor): Promise<void> {
  await page.getByRole("link", { name: "All rooms" }).click();
  await page.getByRole("heading", { name: /^Where to,/u }).waitFor();
}

const cardOf = ({ page }: Visitor, room: Room) =>
  page.getByRole("link", { name: new RegExp(room.title, "u") }).first();

const badgeOf = (visitor: Visitor, room: Room) => cardOf(visitor, room).locator(".unread-badge");

test("the list of rooms says how much is new there, and no more once it was on the screen", async () => {
  const room = await host.openRoom(title());
  await talk(room, 1, 3);
  const ada = await bath.visitor();
  await ada.dropIn(room.slug, "Ada");
  await ada.message("line 3").waitFor();
  await goOut(ada);
  await cardOf(ada, room).waitFor();
  await talk(room, 4, 2);
  // The list is asked for anew when one comes to it.
  await ada.page.reload();
  await badgeOf(ada, room).getByText("2 new messages").waitFor();
  expect(await barriersIn(ada)).toEqual([]);
  await ada.picture("unread-badges");
  await cardOf(ada, room).click();
  await ada.message("line 5").waitFor();
  await ada.page.getByRole("separator").getByText("2 new messages").waitFor();
  await goOut(ada);
  await cardOf(ada, room).waitFor();
  await eventually(async () => expect(await badgeOf(ada, room).count()).toBe(0));
  expect(ada.complaints).toEqual([]);
}, 60_000);

test("a message that is marked as unread stays so while it is on the screen, until that is taken back", async () => {
  const room = await host.openRoom(title());
  await talk(room, 1, 4);
  const ada = await bath.visitor();
  await ada.dropIn(room.slug, "Ada");
  const choose = async (name: string) => {
    await ada.message("line 3").hover();
    await ada.message("line 3").getByRole("button", { name: "More" }).click();
    await ada.page.getByRole("button", { name }).click();
  };
  await choose("Mark as unread");
  await ada.page.getByRole("separator").getByText("2 new messages").waitFor();
  await ada.page.reload();
  await ada.page.getByRole("separator").getByText("2 new messages").waitFor();
  await choose("Mark as unread");
  await goOut(ada);
  await badgeOf(ada, room).getByText("2 new messages").waitFor();
  await cardOf(ada, room).click();
  await choose("Mark as unread");
  await choose("It was read after all");
  await goOut(ada);
  await cardOf(ada, room).waitFor();
  await eventually(async () => expect(await badgeOf(ada, room).count()).toBe(0));
  expect(ada.complaints).toEqual([]);
}, 60_000);

test("who jumps to the newest has not read what they skipped", async () => {
  const room = await host.openRoom(title());
  await talk(room, 1, 2);
  const ada = await bath.visitor();
  await ada.dropIn(room.slug, "Ada");
  await ada.message("line 2").waitFor();
  await goOut(ada);
  await talk(room, 3, 150);
  await ada.page.goto(`${ada.url}/r/${room.slug}`);
  await ada.page.getByRole("separator").getByText("150 new messages").waitFor();
  await ada.page.getByRole("button", { name: /To the newest|new messages?$/u }).click();
  await ada.message("line 152").waitFor();
  await goOut(ada);
  const badge = badgeOf(ada, room);
  await badge.waitFor();
  await eventually(async () => {
    const unread = Number.parseInt((await badge.textContent()) ?? "", 10);
    expect(unread).toBeGreaterThan(60);
    expect(unread).toBeLessThan(150);
  });
  expect(ada.complaints).toEqual([]);
}, 60_000);

test("a mention has a mark of its own in the list of rooms", async () => {
  const room = await host.openRoom(title());
  const ada = await bath.visitor();
  await ada.dropIn(room.slug, "Ada");
  await ada.say("Hello");
  await ada.message("Hello").getByTitle("Sent and stored").waitFor();
  const { body } = await host.rest<{ items: { by: { id: string } }[] }>(
    "GET",
    `/rooms/${room.id}/messages`,
  );
  const { handle } = (await host.rest<{ handle: string }>("GET", `/users/${body.items[0]?.by.id}`))
    .body;
  await goOut(ada);
  const socket = await host.connect();
  const { seq } = await say(socket, room.id, `@${handle} look`);
  await untilListed(room, seq);
  await ada.page.reload();
  await badgeOf(ada, room).getByText("@ 1").waitFor();
}, 60_000);
