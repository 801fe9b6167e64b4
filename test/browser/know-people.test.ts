import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Locator } from "playwright-core";
import { v7 as uuidv7 } from "uuid";

import { eventually } from "../support/eventually.ts";
import { command, type Person } from "../support/world.ts";
import { lookAt, openBath, type Bath, type Visitor } from "./people.ts";

let bath: Bath;
let host: Person;
beforeAll(async () => {
  bath = await openBath();
  host = await bath.world.person("Host");
}, 60_000);
afterAll(() => bath.close());

/** Opens someone's card from what they said. */
async function openCard({ page }: Visitor, name: string): Promise<void> {
  await page
    .getByRole("button", { name: `About ${name}` })
    .first()
    .click();
  await page.getByRole("dialog", { name }).waitFor();
}

/** Someone without a window, who has said something in a room. */
async function speaker(name: string, room: string, text: string): Promise<Person> {
  const person = await bath.world.person(name);
  const socket = await person.connect();
  await command(socket, "room:enter", { room });
  await command(socket, "message:send", { room, clientId: uuidv7(), text });
  return person;
}

async function follow(follower: Person, followed: string): Promise<void> {
  const { status } = await follower.rest("PUT", `/contacts/${followed}`, {});
  expect(status).toBe(200);
}

/** The id of whoever sits at a window. */
function idOf({ page }: Visitor): Promise<string> {
  return page.evaluate(() => {
    const kept = localStorage.getItem("eddy:session") ?? "";
    return (JSON.parse(kept) as { user: { id: string } }).user.id;
  });
}

/** Who is named in the message that the tests wait for. */
function named(visitor: Visitor): Locator {
  return visitor.message("welcome back").locator(".mention");
}

describe("my profile", () => {
  test("is changed without leaving the room, and the handle that I chose names me to all", async () => {
    const room = await host.openRoom("Watercooler");
    const [ada, grace] = [await bath.visitor(), await bath.visitor()];
    await ada.dropIn(room.slug, "Ada");
    await grace.dropIn(room.slug, "Grace");
    await ada.say("Good morning");
    await ada.page.getByRole("complementary", { name: "People" }).getByText("Ada").click();
    await ada.page.getByRole("button", { name: "Change my profile" }).click();
    const dialog = ada.page.getByRole("dialog", { name: "My profile" });
    await dialog.getByLabel("Name", { exact: true }).fill("Ada Lovelace");
    await dialog.getByLabel(/^Handle/u).fill("countess");
    await dialog.getByLabel(/^Headline/u).fill("Counting on engines");
    await dialog.getByLabel(/^Time zone/u).selectOption("Europe/London");
    await dialog.getByRole("button", { name: "Add a link" }).click();
    await dialog.getByLabel("Title of link 1").fill("Notes");
    await dialog.getByLabel("Address of link 1").fill("example.com/notes");
    expect(await lookAt(ada, "my-profile")).toEqual([]);
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.waitFor({ state: "detached" });
    await ada.say("Renamed");

    await grace.page
      .getByRole("article", { name: /^Ada Lovelace/u })
      .getByText("Renamed")
      .waitFor();
    await grace.field.pressSequentially("@count");
    await grace.page.getByRole("option", { name: /Ada Lovelace/u }).waitFor();
    await grace.field.press("Enter");
    await grace.field.pressSequentially("welcome back");
    await grace.field.press("Enter");
    expect(await named(ada).textContent()).toBe("@Ada Lovelace");
    expect(await named(ada).getAttribute("class")).toContain("is-me");
    await eventually(async () => expect(await named(grace).textContent()).toMatch(/^@Ada/u));
    // Who comes when she is gone knows nobody's handle.
    await ada.page.goto(`${ada.url}/people`);
    const linus = await bath.visitor();
    await linus.dropIn(room.slug, "Linus");
    await linus.message("welcome back").waitFor();
    expect(await named(linus).textContent()).toBe("@Ada Lovelace");

    await openCard(linus, "Ada");
    await linus.page.getByText("Counting on engines").waitFor();
    await linus.page.getByText(/^\d\d:\d\d.* in London$/u).waitFor();
    expect(await linus.page.getByRole("link", { name: "Notes" }).getAttribute("href")).toBe(
      "https://example.com/notes",
    );
    expect([...ada.complaints, ...grace.complaints, ...linus.complaints]).toEqual([]);
  }, 90_000);

  test("that cannot be as I want it stays open, and says why", async () => {
    const room = await host.openRoom("Watercooler");
    const ada = await bath.visitor();
    await ada.dropIn(room.slug, "Ada");
    await ada.page.goto(`${ada.url}/people`);
    await ada.page.getByRole("button", { name: "My profile" }).click();
    await ada.page.getByLabel(/^Handle/u).fill("A B");
    await ada.page.getByLabel(/^Handle/u).press("Enter");
    await ada.page.getByText(/3 to 30 of a-z/u).waitFor();
    expect(ada.complaints).toEqual([]);
  }, 30_000);
});

describe("people whom I know", () => {
  test("are followed with a note, written to, and introduced to each other", async () => {
    const room = await host.openRoom("Harbour");
    const grace = await bath.visitor();
    await grace.dropIn(room.slug, "Grace");
    const graceId = await idOf(grace);
    const linus = await speaker("Linus", room.id, "Kernels, anyone?");
    const mina = await speaker("Mina", room.id, "Tides, anyone?");
    await follow(mina, graceId);

    await openCard(grace, "Linus");
    await grace.page.getByRole("button", { name: "Follow", exact: true }).click();
    await grace.page.getByLabel(/^Note to self/u).fill("Knows every lock keeper");
    await grace.page.getByLabel(/^Note to self/u).press("Enter");
    await grace.page.getByRole("button", { name: "Kept" }).waitFor();
    expect(await lookAt(grace, "card")).toEqual([]);
    await follow(linus, graceId);

    await grace.page.goto(`${grace.url}/people`);
    // By keyboard: the list of contacts is beside the list of conversations.
    await grace.page.getByRole("radio", { name: "Conversations" }).focus();
    await grace.page.keyboard.press("ArrowRight");
    await grace.page.getByRole("button", { name: "Follow back" }).focus();
    expect(await lookAt(grace, "contacts")).toEqual([]);
    await grace.page.keyboard.press("Enter");
    await eventually(async () => expect(await grace.page.getByText("connected").count()).toBe(2));
    await grace.page.getByText("Knows every lock keeper").waitFor();

    await grace.page.getByRole("button", { name: /^Linus/u }).click();
    await grace.page.getByRole("button", { name: "Introduce" }).click();
    await grace.page.getByLabel("Introduce Linus to").selectOption({ label: "Mina" });
    await grace.page.getByLabel("First line").fill("You two should talk about tides");
    expect(await lookAt(grace, "introduce")).toEqual([]);
    await grace.page.getByRole("button", { name: "Introduce them" }).click();
    await grace.message("You two should talk about tides").waitFor();
    await grace.page.goto(`${grace.url}/people`);
    await grace.page.getByRole("link", { name: /Linus and Mina|Mina and Linus/u }).waitFor();

    const { status } = await (
      await bath.world.person("Olga")
    ).rest("POST", "/direct", { user: graceId, text: "May I ask about the canal?" });
    expect(status).toBe(200);
    // The first line is shown once it is stored.
    await eventually(async () => {
      await grace.page.reload();
      await grace.page.getByText("They ask to talk").waitFor();
      expect(await grace.page.getByText("“May I ask about the canal?”").count()).toBe(1);
    });
    expect(await lookAt(grace, "conversations")).toEqual([]);
    await grace.page.getByRole("button", { name: "Talk", exact: true }).click();
    await grace.say("Of course");
    await grace.message("Of course").getByTitle("Sent and stored").waitFor();
    expect(grace.complaints).toEqual([]);
  }, 90_000);

  test("are seen again under those I keep meeting, and blocked ones say nothing to me", async () => {
    const room = await host.openRoom("Quay");
    const ada = await bath.visitor();
    await ada.dropIn(room.slug, "Ada");
    const mallory = await speaker("Mallory", room.id, "Buy my boat!");
    await ada.message("Buy my boat!").waitFor();
    await openCard(ada, "Mallory");
    await ada.page.getByRole("button", { name: "Block" }).click();
    await ada.page.getByText(/^You block them/u).waitFor();
    await ada.page.keyboard.press("Escape");
    const folded = ada.page.getByText("Someone you block.");
    await folded.waitFor();
    expect(await ada.message("Buy my boat!").count()).toBe(0);
    await ada.page.getByRole("button", { name: "Show it" }).click();
    await ada.message("Buy my boat!").waitFor();
    const { status } = await mallory.rest("POST", "/direct", { user: await idOf(ada) });
    expect(status).toBe(403);

    await ada.page.goto(`${ada.url}/people`);
    await ada.page.getByRole("radio", { name: "Keep meeting" }).check();
    await ada.page.getByText(/^Nobody yet/u).waitFor();
    await ada.page.getByRole("radio", { name: "Blocked" }).check();
    expect(await lookAt(ada, "blocked")).toEqual([]);
    await ada.page.getByRole("button", { name: "Unblock" }).click();
    await ada.page.getByText("You block nobody.").waitFor();
    expect(ada.complaints).toEqual([]);
  }, 60_000);
});

test("who comes back after long finds who was there meanwhile, and sees the way to it on one line", async () => {
  const room = await host.openRoom("Sluice");
  const ada = await bath.visitor();
  await ada.dropIn(room.slug, "Ada");
  await ada.say("See you");
  await ada.message("See you").getByTitle("Sent and stored").waitFor();
  await ada.page.goto(`${ada.url}/people`);
  const grace = await speaker("Grace", room.id, "I came by");
  const socket = await grace.connect();
  for (let i = 0; i < 260; i += 1) {
    await command(socket, "message:send", { room: room.id, clientId: uuidv7(), text: `Tide ${i}` });
  }
  await eventually(
    async () => {
      const { body } = await host.rest<{ messages: number }>("GET", `/rooms/${room.id}/missed`);
      expect(body.messages).toBeGreaterThan(260);
    },
    { withinMs: 20_000 },
  );
  await ada.page.goto(`${ada.url}/r/${room.slug}`);
  const banner = ada.page.getByRole("button", { name: /new messages since you were here/u });
  await banner.waitFor();
  expect((await banner.boundingBox())?.height).toBeLessThan(45);
  await ada.page.getByRole("button", { name: "Close the list of people" }).click();
  expect(await lookAt(ada, "banner")).toEqual([]);
  await ada.page.getByRole("button", { name: "What happened?" }).click();
  await ada.page.getByRole("heading", { name: "Who was here" }).waitFor();
  expect(await lookAt(ada, "who-was-here")).toEqual([]);
  await ada.page.getByRole("button", { name: /^Grace 261/u }).click();
  await ada.page.getByRole("button", { name: "Follow", exact: true }).waitFor();
  expect(ada.complaints).toEqual([]);
}, 60_000);
