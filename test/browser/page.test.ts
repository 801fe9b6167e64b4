import { gzipSync } from "node:zlib";

import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { v7 as uuidv7 } from "uuid";

import { eventually } from "../support/eventually.ts";
import { command, type Person } from "../support/world.ts";
import { barriersIn, openBath, shownIn, type Bath, type Visitor } from "./people.ts";

let bath: Bath;
let host: Person;
beforeAll(async () => {
  bath = await openBath();
  host = await bath.world.person("Host");
}, 60_000);
afterAll(() => bath.close());

const phone = {
  viewport: { width: 360, height: 740 },
  deviceScaleFactor: 2,
  hasTouch: true,
  isMobile: true,
};

/** A room in which much was said. */
async function openTalk(messages: string[], title = "Watercooler"): Promise<string> {
  const room = await host.openRoom(title, { topic: "What is on your mind" });
  const socket = await host.connect();
  for (const text of messages) {
    await command(socket, "message:send", { room: room.id, clientId: uuidv7(), text });
  }
  socket.disconnect();
  return room.slug;
}

/** How far what is on the page sticks out of it, in px. */
function overflowOf({ page }: Visitor): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
}

test("from a link to one's own first message in the room, the machine takes at most 1.5 s", async () => {
  const room = await openTalk(["Hello"]);
  const ada = await bath.visitor();
  const began = performance.now();
  await ada.dropIn(room, "Ada");
  await ada.say("Here I am");
  await ada.message("Here I am").waitFor();
  expect(performance.now() - began).toBeLessThan(1_500 * SLACK);
  await ada.message("Here I am").getByTitle("Sent and stored").waitFor();
  expect(ada.complaints).toEqual([]);
});

test("the first load takes at most 120 KB of script, compressed, and nothing of it moves", async () => {
  const room = await openTalk(Array.from({ length: 60 }, (_, i) => `Line ${i}`));
  const ada = await bath.visitor();
  let scriptBytes = 0;
  const reads: Promise<void>[] = [];
  ada.page.on("response", (response) => {
    if (response.request().resourceType() !== "script") return;
    reads.push(response.body().then((body) => void (scriptBytes += gzipSync(body).length)));
  });
  await ada.page.addInitScript(() => {
    const total = { shift: 0 };
    Object.assign(globalThis, { total });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & { value: number })[]) {
        total.shift += entry.value;
      }
    }).observe({ type: "layout-shift", buffered: true });
  });
  const shift = () =>
    ada.page.evaluate(() => (globalThis as unknown as { total: { shift: number } }).total.shift);

  await ada.page.goto(ada.url);
  await ada.page
    .getByRole("link", { name: /Watercooler/u })
    .first()
    .waitFor();
  expect(await shift()).toBeLessThan(0.01);
  await ada.dropIn(room, "Ada");
  await ada.page.goto(`${ada.url}/r/${room}`);
  await ada.message("Line 59").waitFor();
  expect(await shift()).toBeLessThan(0.01);
  await Promise.all(reads);
  expect(scriptBytes).toBeGreaterThan(10_000);
  // The directory and the room twice: the second and third time come from the cache or cost the same.
  expect(scriptBytes / 3).toBeLessThan(120_000);
});

test("all of it works by keyboard alone", async () => {
  const room = await openTalk(["One", "Two", "Three"]);
  const ada = await bath.visitor();
  const { page } = ada;
  await page.goto(`${ada.url}/r/${room}`);
  await page.keyboard.type("Ada");
  await page.keyboard.press("Enter");
  await ada.field.waitFor();
  await eventually(async () =>
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("say"),
  );
  await page.keyboard.type("First line");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("second line");
  await page.keyboard.press("Enter");
  await ada.message("First line\nsecond line").waitFor();

  const onMessage = () =>
    page.evaluate(() => document.activeElement?.closest("article")?.textContent ?? "");
  await page.getByRole("region", { name: /^Messages/u }).focus();
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowUp");
  await eventually(async () => expect(await onMessage()).toContain("Three"));
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "React with 👍" }).last().waitFor();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await ada
    .message("Three")
    .getByRole("button", { name: /^❤️, 1/u })
    .waitFor();

  await page.getByRole("region", { name: /^Messages/u }).focus();
  await page.keyboard.press("End");
  await eventually(async () => expect(await onMessage()).toContain("First line"));
  await page.keyboard.press("ArrowUp");
  await eventually(async () => expect(await onMessage()).toContain("Three"));
  await page.keyboard.press("r");
  await page.keyboard.type("To the third");
  await page.keyboard.press("Enter");
  await ada
    .message("To the third")
    .getByRole("button", { name: /Host Three/u })
    .waitFor();

  await page.keyboard.press("ArrowUp");
  await eventually(async () => expect(await ada.field.inputValue()).toBe("To the third"));
  await page.keyboard.press("Control+A");
  await page.keyboard.type("To the third, in other words");
  await page.keyboard.press("Enter");
  await ada.message("in other words").getByText("edited").waitFor();
  await page.keyboard.press("Shift+Tab");
  await ada.picture("keyboard");
  expect(ada.complaints).toEqual([]);
}, 60_000);

test("on a phone of 360 px nothing sticks out, and a finger reaches everything", async () => {
  const long = `https://example.com/${"a-very-long-address/".repeat(12)}`;
  const room = await openTalk(["Short", long, "x".repeat(300)], "A".repeat(90));
  const ada = await bath.visitor({ ...phone });
  await ada.page.goto(ada.url);
  await ada.page.getByRole("link", { name: /AAAA/u }).first().waitFor();
  expect(await overflowOf(ada)).toBeLessThanOrEqual(0);
  await ada.picture("phone-directory");
  await ada.page.goto(`${ada.url}/r/${room}`);
  expect(await overflowOf(ada)).toBeLessThanOrEqual(0);
  await ada.dropIn(room, "Ada");
  await ada.field.fill("From the phone");
  await ada.page.getByRole("button", { name: "Send" }).tap();
  await ada.message("From the phone").waitFor();
  expect(await overflowOf(ada)).toBeLessThanOrEqual(0);
  await ada.picture("phone-room");
  await ada.message("From the phone").getByRole("button", { name: "More" }).tap();
  await ada.picture("phone-menu");
  await ada.page.getByRole("button", { name: "Edit" }).tap();
  await ada.field.fill("From the phone, changed");
  await ada.page.getByRole("button", { name: "Save the change" }).tap();
  await ada.message("From the phone, changed").waitFor();
  await ada.page.getByRole("button", { name: /^People/u }).tap();
  await ada.page.getByRole("complementary", { name: "People" }).waitFor();
  await ada.picture("phone-people");
  expect(await overflowOf(ada)).toBeLessThanOrEqual(0);
  expect(ada.complaints).toEqual([]);
}, 60_000);

describe("[WCAG 2.2 AA] axe finds no barrier", () => {
  test.each(["light", "dark"] as const)(
    "in %s",
    async (colorScheme) => {
      const room = await openTalk(["Hello", "See https://example.com", "`code` and 🎉"]);
      const ada = await bath.visitor({ colorScheme });
      await ada.page.goto(ada.url);
      await ada.page
        .getByRole("link", { name: /Watercooler/u })
        .first()
        .waitFor();
      expect(await barriersIn(ada)).toEqual([]);
      await ada.page.goto(`${ada.url}/r/${room}`);
      expect(await barriersIn(ada)).toEqual([]);
      await ada.dropIn(room, "Ada");
      await ada.say("Hello from me");
      await ada.message("Hello from me").getByTitle("Sent and stored").waitFor();
      await ada.page.getByRole("button", { name: "Host" }).first().waitFor();
      expect(await barriersIn(ada)).toEqual([]);
      await ada.message("Hello from me").hover();
      await ada.message("Hello from me").getByRole("button", { name: "More" }).click();
      expect(await barriersIn(ada)).toEqual([]);
      await ada.page.getByRole("button", { name: "Remove" }).click();
      expect(await barriersIn(ada)).toEqual([]);
      await ada.page.getByRole("button", { name: "Take it back" }).click();
      await ada.page.getByText("Ada took this back").waitFor();
      await ada.page.getByRole("button", { name: "Insert an emoji" }).click();
      expect(await barriersIn(ada)).toEqual([]);
      await ada.picture(`axe-${colorScheme}`);
      await ada.page.keyboard.press("Escape");
      await ada.page.goto(ada.url);
      await ada.page.getByRole("button", { name: "Open a room" }).click();
      expect(await barriersIn(ada)).toEqual([]);
    },
    60_000,
  );
});

test("text stays text: markup is shown, and only web addresses become links", async () => {
  const room = await openTalk([
    `<img src=x onerror="document.title='owned'"> <b>bold</b>`,
    "javascript:alert(1) data:text/html,x https://example.com/a_(b)).",
  ]);
  const ada = await bath.visitor();
  await ada.dropIn(room, "Ada");
  await ada.message("<b>bold</b>").waitFor();
  const links = await ada.page
    .locator(".text a")
    .evaluateAll((found) =>
      found.map((link) => [link.getAttribute("href"), link.getAttribute("rel")]),
    );
  expect(links).toEqual([["https://example.com/a_(b)", "noopener nofollow ugc"]]);
  expect(await ada.page.locator(".text img, .text b").count()).toBe(0);
  expect(ada.complaints).toEqual([]);
});

test("a room of thousands of messages keeps a few in the document, and scrolls back to its first", async () => {
  const said = Array.from({ length: 2_000 }, (_, i) => `number ${i + 1} of many`);
  const room = await openTalk(said, "Long talk");
  const ada = await bath.visitor();
  await ada.dropIn(room, "Ada");
  await ada.message("number 2000 of many").waitFor();
  expect((await shownIn(ada.page)).length).toBeLessThan(150);
  const list = ada.page.getByRole("region", { name: /^Messages/u });
  await eventually(
    async () => {
      await list.evaluate((element) => element.scrollTo(0, 0));
      expect((await shownIn(ada.page)).map(({ text }) => text)).toContain("number 1 of many");
    },
    { withinMs: 20_000 },
  );
  expect((await shownIn(ada.page)).length).toBeLessThan(150);
  // A page that is laid out anew just now takes whoever was at its end there again.
  const toNewest = ada.page.getByRole("button", { name: "To the newest" });
  await eventually(async () => {
    await list.evaluate((element) => element.scrollTo(0, 0));
    expect(await toNewest.count()).toBe(1);
  });
  await toNewest.click();
  await ada.message("number 2000 of many").waitFor();
  expect(ada.complaints).toEqual([]);
}, 60_000);

test("a link to a message goes there, and a link to a room says what it is about", async () => {
  const room = await openTalk(Array.from({ length: 700 }, (_, i) => `number ${i + 1} of many`));
  const ada = await bath.visitor();
  await ada.dropIn(room, "Ada");
  await ada.page.goto(`${ada.url}/r/${room}?at=12`);
  await ada.message("number 12 of many").waitFor();
  const page = await (await fetch(`${ada.url}/r/${room}`)).text();
  expect(page).toMatch(/<meta property="og:title" content="Watercooler"/u);
  expect(page).toMatch(/What is on your mind · (?:One person is|\d+ people are) here now/u);
  const hidden = await host.openRoom("Secret & <hidden>", { visibility: "private" });
  expect(await (await fetch(`${ada.url}/r/${hidden.slug}`)).text()).not.toMatch(/Secret/u);
}, 60_000);

test("a part of the page that cannot be had says so, and how to get it", async () => {
  const room = await openTalk(["Hello"]);
  const ada = await bath.visitor();
  await ada.dropIn(room, "Ada");
  await ada.message("Hello").waitFor();
  await ada.page.context().setOffline(true);
  await ada.page.getByRole("button", { name: "Bring someone in" }).click();
  await ada.page.getByText(/^This part of the page could not be loaded/u).waitFor();
  await ada.field.fill("Not yet said");
  await ada.picture("part-missing");
  expect(await barriersIn(ada)).toEqual([]);
  await ada.page.context().setOffline(false);
  await ada.page.getByRole("button", { name: "Load the page again" }).click();
  await ada.message("Hello").waitFor();
  expect(await ada.field.inputValue()).toBe("Not yet said");
  await ada.page.getByRole("button", { name: "Bring someone in" }).click();
  await ada.page.getByRole("dialog", { name: "Bring someone in" }).waitFor();
});

/** Other tests share the machine; alone it takes a third of this. */
const SLACK = 2;
