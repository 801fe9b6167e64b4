import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Socket } from "socket.io-client";
import { v7 as uuidv7 } from "uuid";

import type { Room } from "../../protocol/shapes.ts";
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

interface Scene {
  room: Room;
  /** Leads the room. */
  ada: Visitor;
  grace: Visitor;
  mallory: Person;
  /** Mallory's. */
  socket: Socket;
}

/** A room that Ada leads, with Grace in it, and Mallory, who has boats to sell. */
async function openScene(boats: number): Promise<Scene> {
  const room = await host.openRoom("Watercooler");
  const [ada, grace] = [await bath.visitor(), await bath.visitor()];
  await ada.dropIn(room.slug, "Ada");
  await grace.dropIn(room.slug, "Grace");
  await grace.say("What a morning");
  await ada.say("I once had a boat");
  await ada.message("I once had a boat").getByTitle("Sent and stored").waitFor();
  const id = await ada.page.evaluate(() => {
    const kept = localStorage.getItem("eddy:session") ?? "";
    return (JSON.parse(kept) as { user: { id: string } }).user.id;
  });
  const { status } = await host.rest("PUT", `/rooms/${room.id}/members/${id}`, {
    role: "moderator",
  });
  expect(status).toBe(200);
  const mallory = await bath.world.person("Mallory");
  const socket = await mallory.connect();
  await command(socket, "room:enter", { room: room.id });
  for (let i = 1; i <= boats; i += 1) {
    const text = `Buy my boat number ${i}!`;
    await command(socket, "message:send", { room: room.id, clientId: uuidv7(), text });
  }
  await ada.message(`number ${boats}!`).waitFor();
  return { room, ada, grace, mallory, socket };
}

/** How many boats are on offer in sight of someone. */
function boatsFor({ page }: Visitor): Promise<number> {
  return page.getByRole("article").filter({ hasText: "Buy my boat" }).count();
}

describe("whoever leads a room", () => {
  test("[G8] cleans up after someone in one move, having seen what would go, and takes it back", async () => {
    const { ada, grace, room, socket } = await openScene(12);
    await ada.page.getByRole("button", { name: "About Mallory" }).click();
    await ada.page.getByRole("button", { name: "Clean up after them" }).click();
    const dialog = ada.page.getByRole("dialog", { name: "Keep order" });
    expect(await dialog.getByLabel("Whose messages").locator("option:checked").textContent()).toBe(
      "Mallory",
    );
    await dialog.getByRole("button", { name: "Preview" }).click();
    await dialog.getByText("12 messages would go.").waitFor();
    await dialog.getByText("Buy my boat number 12!").waitFor();
    expect(await boatsFor(grace)).toBe(12);
    await dialog.getByLabel(/^Why/u).fill("Selling boats");
    expect(await lookAt(ada, "clean-up")).toEqual([]);
    // Nobody has looked at what is said meanwhile.
    const text = "Sorry, no more boats";
    await command(socket, "message:send", { room: room.id, clientId: uuidv7(), text });
    await dialog.getByRole("button", { name: "Remove 12 messages" }).click();
    await grace.page.getByText("Ada cleaned up: Selling boats").waitFor();
    await eventually(async () => expect(await boatsFor(grace)).toBe(0));
    await grace.message(text).waitFor();

    await dialog.getByText("What was removed").click();
    await dialog.getByText("Buy my boat number 1!").waitFor();
    expect(await lookAt(ada, "cleaned-up")).toEqual([]);
    await dialog.getByRole("button", { name: "Undo" }).click();
    await eventually(async () => expect(await boatsFor(grace)).toBe(12));
    await dialog.getByText(/; undone/u).waitFor();
    expect([...ada.complaints, ...grace.complaints]).toEqual([]);
  }, 60_000);

  test("cleans up from a message on, by words, by keyboard", async () => {
    const { ada } = await openScene(4);
    const { page } = ada;
    await page.getByRole("region", { name: /^Messages/u }).focus();
    await page.keyboard.press("End");
    await page.keyboard.press("ArrowUp");
    await eventually(async () =>
      expect(await page.evaluate(() => document.activeElement?.textContent)).toContain("number 3!"),
    );
    const entry = page.getByRole("button", { name: "Clean up from here on" });
    // A row that is drawn anew just now does not hear the key.
    await eventually(async () => {
      if ((await entry.count()) === 0) await page.keyboard.press("Enter");
      expect(await entry.count()).toBe(1);
    });
    await entry.focus();
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog", { name: "Keep order" });
    await dialog.getByLabel(/^With these words/u).focus();
    await page.keyboard.type("b0at");
    await page.keyboard.press("Enter");
    await dialog.getByText("2 messages would go.").waitFor();
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    expect(ada.complaints).toEqual([]);
  }, 60_000);

  test("tries a rule on what was said, lets it count, then switches it on", async () => {
    const { ada, socket, room } = await openScene(6);
    await eventually(async () => {
      const { body } = await host.rest<{ items: unknown[] }>("GET", `/rooms/${room.id}/messages`);
      expect(body.items.length).toBe(8);
    });
    await ada.page.getByRole("button", { name: "Keep order" }).click();
    const dialog = ada.page.getByRole("dialog", { name: "Keep order" });
    await dialog.getByRole("radio", { name: "Filter" }).check();
    await dialog.getByText(/^There are no rules/u).waitFor();
    await dialog.getByRole("button", { name: "New rule" }).click();
    await dialog.getByLabel(/^Name/u).fill("No boats");
    await dialog.getByLabel(/^Words/u).fill("boat*");
    for (const role of ["moderators", "owners"]) {
      await dialog.getByRole("checkbox", { name: role }).uncheck();
    }
    await dialog.getByRole("button", { name: "Try it" }).click();
    await dialog.getByText("7 hits in 8 messages, of 2 people.").waitFor();
    await dialog.getByText("One of them leads this room.").waitFor();
    await dialog.getByText("Most: Mallory (6), Ada (1)").waitFor();
    expect(await lookAt(ada, "filter-trial")).toEqual([]);
    await dialog.getByRole("checkbox", { name: "moderators" }).check();
    await dialog.getByRole("button", { name: "Save, and count" }).click();
    await dialog.getByText("What says “boat*” is refused.").waitFor();

    const sell = () =>
      command(socket, "message:send", { room: room.id, clientId: uuidv7(), text: "A boat!" });
    await sell();
    await ada.message("A boat!").waitFor({ state: "attached" });
    await eventually(
      async () => {
        await dialog.getByRole("radio", { name: "Record" }).check();
        await dialog.getByRole("radio", { name: "Filter" }).check();
        await dialog.getByText("What says “boat*” is refused.").waitFor();
        expect(await dialog.getByText(/^1 time counted/u).count()).toBe(1);
      },
      { withinMs: 15_000 },
    );
    expect(await lookAt(ada, "filter")).toEqual([]);
    await dialog.getByRole("button", { name: "Switch on" }).click();
    await dialog.getByRole("button", { name: "Only count" }).waitFor();
    await expect(sell()).rejects.toThrow(/filtered/u);
    await dialog.getByRole("button", { name: "Change the rule No boats" }).click();
    await dialog.getByLabel("What it meets").selectOption("is refused, and mutes who says it");
    await dialog.getByLabel("Muted for, in minutes").fill("5");
    await dialog.getByRole("button", { name: "Save, and switch on" }).click();
    await dialog.getByText(/mutes who says it\.$/u).waitFor();
    await dialog.getByRole("button", { name: "Remove the rule No boats" }).click();
    await dialog.getByText(/^There are no rules/u).waitFor();
    expect(ada.complaints).toEqual([]);
  }, 90_000);

  test("reads what was done, by whom, to whom and why", async () => {
    const { ada, mallory, room } = await openScene(1);
    const { status } = await host.rest("POST", `/rooms/${room.id}/sanctions`, {
      user: mallory.user.id,
      kind: "mute",
      seconds: 600,
      reason: "Boats",
    });
    expect(status).toBe(201);
    await host.rest("PATCH", `/rooms/${room.id}`, { topic: "No boats" });
    await ada.page.getByText("Host set the topic: No boats").waitFor();
    await ada.page.getByRole("button", { name: "Keep order" }).click();
    const dialog = ada.page.getByRole("dialog", { name: "Keep order" });
    await dialog.getByRole("radio", { name: "Record" }).check();
    await dialog.getByText("Host muted Mallory: Boats").waitFor();
    await dialog.getByText("Host changed the room").waitFor();
    await dialog.getByText("What changed").first().click();
    expect(await lookAt(ada, "record")).toEqual([]);
    await dialog.getByLabel("To whom").selectOption({ label: "Mallory" });
    await dialog.getByText("Host changed the room").waitFor({ state: "detached" });
    await dialog.getByText("Host muted Mallory: Boats").waitFor();
    await dialog.getByRole("combobox", { name: "What", exact: true }).selectOption("Bans");
    await dialog.getByText("Nothing like that was done here.").waitFor();
    expect(ada.complaints).toEqual([]);
  }, 60_000);
});
