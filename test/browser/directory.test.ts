import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
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

/** The titles of the rooms that are shown, in their order. */
function titlesIn({ page }: Visitor): Promise<string[]> {
  return page.locator(".room-card h3").allTextContents();
}

async function expectTitles(visitor: Visitor, titles: string[]): Promise<void> {
  await eventually(async () => expect(await titlesIn(visitor)).toEqual(titles));
}

async function talk(person: Person, room: string, texts: string[]): Promise<void> {
  const socket = await person.connect();
  await command(socket, "room:enter", { room });
  for (const text of texts) {
    await command(socket, "message:send", { room, clientId: uuidv7(), text });
  }
}

describe("the directory", () => {
  test("shows the warmest rooms first, the newest, or mine, and finds them by words and by tag", async () => {
    const quiet = await host.openRoom("Lighthouse", { topic: "Keepers and their cats" });
    const lively = await host.openRoom("Ferry", { topic: "Who is on it today" });
    const hidden = await host.openRoom("Engine room", { visibility: "private" });
    await host.openRoom("Island");
    await host.rest("PATCH", `/rooms/${quiet.id}`, { tags: ["cats", "night"] });
    await host.rest("PATCH", `/rooms/${lively.id}`, { tags: ["boats"] });
    await talk(await bath.world.person("Grace"), lively.id, ["On it", "As every day"]);
    const ada = await bath.visitor();
    await ada.page.goto(ada.url);
    await ada.page.getByRole("radio", { name: "New" }).check();
    await expectTitles(ada, ["Island", "Ferry", "Lighthouse"]);
    await ada.page.getByRole("radio", { name: "Lively" }).check();
    await eventually(async () => expect((await titlesIn(ada))[0]).toBe("Ferry"));
    await ada.page.getByRole("button", { name: "cats" }).click();
    await expectTitles(ada, ["Lighthouse"]);
    expect(await lookAt(ada, "directory-tags")).toEqual([]);
    await ada.page.getByRole("button", { name: "cats" }).press("Enter");
    await ada.page.getByRole("searchbox").fill("today");
    await expectTitles(ada, ["Ferry"]);
    await ada.page.getByRole("searchbox").fill("");

    const { body } = await host.rest<{ code: string }>("POST", `/rooms/${hidden.id}/invites`, {});
    await ada.page.goto(`${ada.url}/i/${body.code}`);
    await ada.page.getByLabel("What should people call you?").fill("Ada");
    await ada.page.getByRole("button", { name: "Drop in" }).click();
    await ada.field.waitFor();
    await ada.page.getByRole("link", { name: "All rooms" }).click();
    await ada.page.getByRole("radio", { name: "Been there" }).check();
    await expectTitles(ada, ["Engine room"]);
    expect(ada.complaints).toEqual([]);
  }, 60_000);

  test("tells how it is in a room before one goes there, and what I missed", async () => {
    const room = await host.openRoom("Harbour", { topic: "Whatever floats" });
    const ada = await bath.visitor();
    await ada.dropIn(room.slug, "Ada");
    await ada.say("See you later");
    await ada.message("See you later").getByTitle("Sent and stored").waitFor();
    await ada.page.getByRole("link", { name: "All rooms" }).click();
    const [grace, linus] = [await bath.world.person("Grace"), await bath.world.person("Linus")];
    await talk(grace, room.id, ["Does anybody know a good book about tides?"]);
    await talk(
      linus,
      room.id,
      Array.from({ length: 30 }, (_, i) => `The tide table of page ${i} says it comes on Thursday`),
    );
    await eventually(
      async () => {
        const { body } = await host.rest<{ messages: number }>("GET", `/rooms/${room.id}/missed`);
        expect(body.messages).toBe(32);
      },
      { withinMs: 20_000 },
    );
    const peek = ada.page.getByRole("button", { name: "How is it in Harbour?" });
    await peek.focus();
    await ada.page.keyboard.press("Enter");
    const dialog = ada.page.getByRole("dialog", { name: "Harbour" });
    await dialog.getByText(/^\d people here now\. Linus, Grace, and Ada speak\.$/u).waitFor();
    await dialog.getByText("Does anybody know a good book about tides?").waitFor();
    await dialog
      .getByText(/^You missed 31 messages: (?:less than a|\d+) minutes? to read\.$/u)
      .waitFor();
    expect(await lookAt(ada, "weather")).toEqual([]);
    await dialog.getByRole("link", { name: "Drop in" }).click();
    await ada.message("page 29 says").waitFor();
    expect(ada.complaints).toEqual([]);
  }, 60_000);

  test("of others shows an invitation by its room's name, its topic and who is there", async () => {
    const room = await host.openRoom("Crew only", { visibility: "private", topic: "Before dawn" });
    const { body } = await host.rest<{ code: string }>("POST", `/rooms/${room.id}/invites`, {});
    const socket = await host.connect();
    await command(socket, "room:enter", { room: room.id });
    const ada = await bath.visitor();
    await eventually(async () => {
      const page = await (await fetch(`${ada.url}/i/${body.code}`)).text();
      expect(page).toMatch(/<meta property="og:title" content="Crew only"/u);
      expect(page).toMatch(/content="Before dawn · One person is here now\."/u);
    });
    await ada.page.goto(`${ada.url}/i/${body.code}`);
    await ada.page.getByText("One person is here now").waitFor();
    expect(await lookAt(ada, "invitation")).toEqual([]);
    expect(ada.complaints).toEqual([]);
  }, 30_000);
});
