import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";

import type { Room } from "../../protocol/shapes.ts";
import { eventually } from "../support/eventually.ts";
import { said } from "../support/review.ts";
import type { Person } from "../support/world.ts";
import { type Bath, lookAt, openBath, type Visitor } from "./people.ts";

let bath: Bath;
let host: Person;
beforeAll(async () => {
  bath = await openBath();
  host = await bath.world.person("Host");
}, 60_000);
afterAll(() => bath.close());

/** Makes someone at a window a moderator. */
async function promote(visitor: Visitor, room: Room): Promise<void> {
  const id = await visitor.page.evaluate(() => {
    const kept = localStorage.getItem("eddy:session") ?? "";
    return (JSON.parse(kept) as { user: { id: string } }).user.id;
  });
  const { status } = await host.rest("PUT", `/rooms/${room.id}/members/${id}`, {
    role: "moderator",
  });
  expect(status).toBe(200);
}

/** A room that Ada leads, with Grace in it, and Mallory, who has boats to sell. */
async function openScene() {
  const room = await host.openRoom("Watercooler");
  const [ada, grace] = [await bath.visitor(), await bath.visitor()];
  await ada.dropIn(room.slug, "Ada");
  await grace.dropIn(room.slug, "Grace");
  await promote(ada, room);
  const mallory = await bath.world.person("Mallory");
  await said(mallory, room, "Buy my boat!");
  await grace.message("Buy my boat!").waitFor();
  return { room, ada, grace, mallory };
}

describe("a message that somebody minds", () => {
  test("is reported, found in the queue by keyboard, removed, and its reporter told", async () => {
    const { ada, grace } = await openScene();
    await ada.page.getByRole("button", { name: "Keep order", exact: true }).waitFor();
    await grace.message("Buy my boat!").focus();
    await grace.page.keyboard.press("Enter");
    await grace.page.getByRole("button", { name: "Report" }).click();
    const asks = grace.page.getByRole("dialog", { name: "Report this message?" });
    await asks.getByLabel("What is wrong with it").selectOption("Harassment");
    await asks.getByRole("textbox").fill("every day");
    expect(await lookAt(grace, "report")).toEqual([]);
    await asks.getByRole("button", { name: "Report" }).click();
    await grace.page.getByText("Reported. The moderators will look at it, and you").waitFor();

    await ada.page.getByRole("button", { name: "Keep order: 1 waiting" }).focus();
    await ada.page.keyboard.press("Enter");
    const queue = ada.page.getByRole("dialog", { name: "Keep order" });
    await queue.getByRole("button", { name: /Mallory: Harassment · 1 reporter/u }).focus();
    await ada.page.keyboard.press("Enter");
    await queue.getByText("every day").waitFor();
    await queue.getByText("Buy my boat!").first().waitFor();
    await queue.getByRole("button", { name: "Claim" }).click();
    await queue.getByText("claimed by you").waitFor();
    expect(await lookAt(ada, "queue")).toEqual([]);
    await queue.getByLabel(/^Note/u).fill("no selling");
    await queue.getByRole("button", { name: "Remove the message" }).click();
    await queue.getByText("Nothing waits. All is well.").waitFor();

    await grace.page.getByText("the message that you reported was removed").waitFor();
    await eventually(async () =>
      expect(await grace.page.getByRole("article").filter({ hasText: "Buy my" }).count()).toBe(0),
    );
    expect([...ada.complaints, ...grace.complaints]).toEqual([]);
  }, 60_000);
});

describe("a room that is raided", () => {
  test("[G8] is calmed with one switch, and goes on as before with another", async () => {
    const { ada, mallory, room } = await openScene();
    await ada.page.getByRole("button", { name: "About this room" }).click();
    const settings = ada.page.getByRole("dialog", { name: "About this room" });
    await settings.getByRole("button", { name: "Switch raid mode on" }).click();
    await settings.getByRole("button", { name: "Switch raid mode off" }).waitFor();
    expect(await lookAt(ada, "raid")).toEqual([]);
    await expect(said(mallory, room, "Buy it now!")).rejects.toThrow("locked");
    await settings.getByRole("button", { name: "Switch raid mode off" }).click();
    await settings.getByRole("button", { name: "Switch raid mode on" }).waitFor();
    await said(mallory, room, "Did I say something?");
    await settings.getByLabel("Who may speak").selectOption("Nobody");
    await settings.getByRole("button", { name: "Save" }).click();
    await ada.page.getByText("Ada locked the room for everyone").waitFor();
  }, 60_000);
});

describe("a private room", () => {
  test("lets people ask at its door, and opens it when a moderator agrees", async () => {
    const room = await host.openRoom("Study", { visibility: "private" });
    await host.rest("PATCH", `/rooms/${room.id}`, { asking: true });
    const grace = await bath.visitor();
    const { page } = grace;
    await page.goto(`${grace.url}/r/${room.slug}`);
    await page.getByLabel("What should people call you?").fill("Grace");
    await page.getByRole("button", { name: "Drop in" }).click();
    await page.getByText("“Study” is private.").waitFor();
    await page.getByLabel(/A line for its moderators/u).fill("May I?");
    expect(await lookAt(grace, "door")).toEqual([]);
    await page.getByRole("button", { name: "Ask to join" }).click();
    await page.getByText("You have asked to join “Study”.").waitFor();
    const { body } = await host.rest<{ items: { id: string; texts: { text: string }[] }[] }>(
      "GET",
      `/rooms/${room.id}/reports?kind=join`,
    );
    expect(body.items[0]?.texts[0]?.text).toBe("May I?");
    const path = `/rooms/${room.id}/reports/${body.items[0]?.id}/resolve`;
    expect((await host.rest("POST", path, { action: "approve" })).status).toBe(200);
    await grace.field.waitFor();
    expect(grace.complaints).toEqual([]);
  });
});
