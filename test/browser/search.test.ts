import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { v7 as uuidv7 } from "uuid";

import { eventually } from "../support/eventually.ts";
import { command, type Person } from "../support/world.ts";
import { lookAt, openBath, type Bath } from "./people.ts";

let bath: Bath;
let host: Person;
beforeAll(async () => {
  bath = await openBath();
  host = await bath.world.person("Host");
}, 60_000);
afterAll(() => bath.close());

describe("searching", () => {
  test("finds what was said, in one room or in all, and leads to it with the keyboard alone", async () => {
    const room = await host.openRoom("Tea house");
    const socket = await host.connect();
    await command(socket, "room:enter", { room: room.id });
    const say = (text: string) =>
      command(socket, "message:send", { room: room.id, clientId: uuidv7(), text });
    const { seq } = await say("The samovar <b>whistles</b> again");
    for (let i = 0; i < 60; i += 1) await say(`steam ${i}`);
    await eventually(async () => {
      const { body } = await host.rest<{ items: unknown[] }>("GET", "/search?q=samovar");
      expect(body.items).toHaveLength(1);
    });
    const ada = await bath.visitor();
    const { page } = ada;
    await ada.dropIn(room.slug, "Ada");
    await page.getByRole("link", { name: "Search in this room" }).click();
    const field = page.getByRole("searchbox", { name: "What to look for" });
    expect(await field.inputValue()).toBe(`in:${room.slug}`);
    await field.press("End");
    await page.keyboard.type(" samovr");
    const hit = page.getByRole("link", { name: "samovar" });
    await hit.waitFor();
    expect(await hit.locator("mark").allTextContents()).toEqual(["samovar"]);
    expect(await hit.textContent()).toContain("<b>whistles</b>");
    expect(await lookAt(ada, "search")).toEqual([]);
    await hit.focus();
    await page.keyboard.press("Enter");
    await ada.message("The samovar").waitFor();
    expect(new URL(page.url()).pathname).toBe(`/r/${room.slug}/${seq}`);
    await page.goBack();
    await field.fill("nobody ever said this word: xylophonist");
    await page.getByText("Nobody said that where you can see it.").waitFor();
  }, 60_000);

  test("a link to a message opens its room there", async () => {
    const room = await host.openRoom("Long corridor");
    const socket = await host.connect();
    await command(socket, "room:enter", { room: room.id });
    const seqs: number[] = [];
    for (let i = 0; i < 120; i += 1) {
      const said = { room: room.id, clientId: uuidv7(), text: `door number ${i}` };
      seqs.push((await command(socket, "message:send", said)).seq);
    }
    const ada = await bath.visitor();
    await ada.dropIn(room.slug, "Ada");
    await ada.page.goto(`${ada.url}/r/${room.slug}/${seqs[7]}`);
    await ada.message("door number 7").waitFor();
    expect((await fetch(`${ada.url}/r/${room.slug}/nonsense`)).status).toBe(404);
  }, 60_000);
});
