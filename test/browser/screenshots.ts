import { mkdir } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

import type { Browser, BrowserContextOptions, Page } from "playwright-core";

import { type Client, dropIn, type RoomHandle } from "../../client/index.ts";
import { makeDataDir } from "../support/data-dir.ts";
import { startLauncher } from "../support/launcher.ts";
import { startChromium } from "./chromium.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** Where to; without, those of the documentation are taken anew. */
const [, , wanted] = process.argv;
const folder = wanted ?? path.join(root, "docs", "images");
const documented = ["room"];

const rooms = [
  ["Night owls", "For those who are still up, wherever that is", "night-owls"],
  ["Bread", "Sourdough, rye, and what went wrong today", "bread"],
  ["Rust study group", "Chapter 10 this week: traits and lifetimes", "rust"],
  ["Marathon training", "Week 7 of 16. Everybody runs their own pace", "marathon"],
  ["Model trains", "", "model-trains"],
] as const;

await main();

/** Takes the pictures of the documentation: a real Eddy, real people, a real browser. */
async function main(): Promise<void> {
  await mkdir(folder, { recursive: true });
  const eddy = startLauncher({ DATA_DIR: await makeDataDir("screenshots") });
  const browser = await startChromium();
  try {
    const url = await eddy.url;
    await openRooms(url);
    const people = await talk(url);
    await takeAll(browser, url, people);
    for (const { client } of people) client.close();
  } finally {
    await browser.close();
    eddy.kill("SIGTERM");
    await eddy.exited;
  }
}

interface Speaker {
  name: string;
  client: Client;
  room: RoomHandle;
  token: string;
}

async function openRooms(url: string): Promise<void> {
  const { client } = await dropIn(url, "Host");
  for (const [title, topic, slug] of rooms) {
    await client.call("room:create", { title, topic, slug, visibility: "public" });
  }
  client.close();
}

/** A morning at the watercooler. */
async function talk(url: string): Promise<Speaker[]> {
  const speakers: Speaker[] = [];
  for (const name of ["Ada Lovelace", "Grace", "Linus Berg", "Mina Okafor", "Yuki"]) {
    const { client, token } = await dropIn(url, name);
    await client.online();
    if (speakers.length === 0) {
      await client.call("room:create", {
        title: "Watercooler",
        topic: "Whatever is on your mind. Drop in, stay a minute, come back tomorrow.",
        slug: "watercooler",
        visibility: "public",
      });
    }
    const room = client.enter("watercooler");
    await room.entered;
    speakers.push({ name, client, room, token });
  }
  const [ada, grace, linus, mina, yuki] = speakers as [Speaker, Speaker, Speaker, Speaker, Speaker];
  const say = async ({ room }: Speaker, text: string, replyTo?: number) => {
    const sent = room.send(text, replyTo === undefined ? {} : { replyTo });
    return (await sent.until("stored")).seq;
  };
  await say(ada, "Good morning! Who else has a heron outside the window today?");
  const heron = await say(
    grace,
    "Not a heron, but the canal froze over last night and the ducks are furious about it",
  );
  await say(grace, "They walk around in circles and shout at each other");
  await say(linus, "Same energy as our release planning 🦆", heron);
  await say(mina, "I have coffee and a question: does anybody know a good book about tides?");
  const book = await say(
    yuki,
    "“Tides” by Jonathan White. He went to Mont-Saint-Michel and got stuck, more or less on purpose: https://example.com/books/tides",
  );
  await ada.room.call("message:pin", { seq: book });
  for (const fan of [ada, mina, grace]) {
    await fan.room.call("reaction:add", { seq: heron, emoji: "😂" });
  }
  await linus.room.call("reaction:add", { seq: heron, emoji: "🦆" });
  for (const fan of [mina, grace]) await fan.room.call("reaction:add", { seq: book, emoji: "❤️" });
  await say(mina, "Oh, that one I have been meaning to read for years. Thank you!", book);
  await say(
    linus,
    "The lock keeper here says the spring tide comes on Thursday.\nHe also says that every Thursday.",
  );
  await say(ada, "🌊🌊🌊");
  return speakers;
}

async function takeAll(browser: Browser, url: string, people: Speaker[]): Promise<void> {
  const [, grace] = people;
  const take = async (
    name: string,
    options: BrowserContextOptions,
    steps: (page: Page) => Promise<void>,
  ) => {
    if (wanted === undefined && !documented.includes(name)) return;
    const context = await browser.newContext({ reducedMotion: "reduce", ...options });
    const page = await context.newPage();
    page.on("console", (message) => {
      if (message.type() === "error") console.error(`${name}: ${message.text()}`);
    });
    page.on("pageerror", (error) => console.error(`${name}: ${error.stack ?? error.message}`));
    await page.goto(url);
    await steps(page);
    await page.waitForTimeout(350);
    await page.screenshot({ path: path.join(folder, `${name}.png`) });
    await context.close();
  };
  const wide = { viewport: { width: 1280, height: 800 }, colorScheme: "light" } as const;
  const dark = { ...wide, colorScheme: "dark" } as const;
  const phone = {
    viewport: { width: 360, height: 740 },
    deviceScaleFactor: 2,
    hasTouch: true,
    isMobile: true,
  } as const;
  const enter = async (page: Page) => {
    await page.goto(`${url}/r/watercooler`);
    await page.getByLabel("What should people call you?").fill("Noor");
    await page.getByRole("button", { name: "Drop in" }).click();
    await page.getByText("🌊🌊🌊").waitFor();
  };
  await take("directory", wide, found);
  await take("directory-dark", dark, found);
  await take("directory-phone", { ...phone, colorScheme: "light" }, found);
  await take("door", wide, async (page) => void (await page.goto(`${url}/r/watercooler`)));
  await take("room", wide, async (page) => {
    await enter(page);
    await page
      .getByLabel("Message", { exact: true })
      .fill("Hello from the tram! Did I miss the ducks?");
    await page.keyboard.press("Enter");
    await page.getByTitle("Sent and stored").waitFor();
    grace?.room.typing();
    await page.getByText("Grace is typing").waitFor();
  });
  await take("room-dark", dark, async (page) => {
    await enter(page);
    await page.getByText("Not a heron").first().hover();
  });
  await take("phone", { ...phone, colorScheme: "light" }, enter);
  await take("phone-menu-dark", { ...phone, colorScheme: "dark" }, async (page) => {
    await enter(page);
    await page.getByRole("button", { name: "More" }).first().tap();
  });
}

async function found(page: Page): Promise<void> {
  await page.getByRole("link", { name: "Watercooler" }).first().waitFor();
}
