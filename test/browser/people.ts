import { mkdir } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

import axe from "axe-core";
import type { Browser, BrowserContextOptions, Locator, Page } from "playwright-core";

import { bringPageUpToDate } from "../../server/launcher/build-page.ts";
import { Link } from "../chaos/stack/link.ts";
import { firstGateway, openWorld, type World } from "../support/world.ts";
import { startChromium } from "./chromium.ts";

/** Pictures of what the tests saw; kept, to be looked at. */
export const pictures = fileURLToPath(new URL("../../test-output/browser", import.meta.url));

/** Someone at a window of their own. */
export interface Visitor {
  page: Page;
  /** Where Eddy is, through a link of theirs alone. */
  url: string;
  /** Their network. */
  link: Link;
  /** Opens a path, says a name and waits for the room. */
  dropIn: (room: string, name: string) => Promise<void>;
  say: (text: string) => Promise<void>;
  /** A message of the list. */
  message: (text: string) => Locator;
  /** The field that one writes into. */
  field: Locator;
  /** What the browser complained of. */
  complaints: string[];
  picture: (name: string) => Promise<void>;
}

/** A world with a browser, and windows in it. */
export interface Bath {
  world: World;
  browser: Browser;
  visitor: (options?: BrowserContextOptions) => Promise<Visitor>;
  close: () => Promise<void>;
}

/** Builds the page when it has to, and opens a world and a browser. */
export async function openBath(env: Record<string, string> = {}): Promise<Bath> {
  await bringPageUpToDate({ say: () => {} });
  await mkdir(pictures, { recursive: true });
  const world = await openWorld({ env });
  const browser = await startChromium();
  const links: Link[] = [];
  return {
    world,
    browser,
    visitor: async (options = {}) => {
      const link = new Link("network", [
        { name: "gateway", port: firstGateway(world).port, up: true },
      ]);
      await link.open();
      links.push(link);
      return openWindow(browser, link, options);
    },
    close: async () => {
      await browser.close();
      await Promise.all(links.map((link) => link.close()));
      await world.close();
    },
  };
}

async function openWindow(
  browser: Browser,
  link: Link,
  options: BrowserContextOptions,
): Promise<Visitor> {
  const context = await browser.newContext({ reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    const text = message.text();
    // A network that is cut is what these tests are about.
    const isNetwork = /net::ERR_|WebSocket connection|Failed to load resource/u.test(text);
    if (message.type() === "error" && !isNetwork) complaints.push(text);
  });
  const url = `http://127.0.0.1:${link.port}`;
  const field = page.getByRole("textbox", { name: "Message", exact: true });
  return {
    page,
    url,
    link,
    field,
    complaints,
    dropIn: async (room, name) => {
      await page.goto(`${url}/r/${room}`);
      await page.getByLabel("What should people call you?").fill(name);
      await page.getByRole("button", { name: "Drop in" }).click();
      await field.waitFor();
    },
    message: (text) => page.getByRole("article").filter({ hasText: text }).last(),
    say: async (text) => {
      await field.fill(text);
      await field.press("Enter");
    },
    picture: async (name) => {
      await page.screenshot({ path: path.join(pictures, `${name}.png`) });
    },
  };
}

/** A message as it stands in the list. */
export interface Shown {
  seq: number;
  text: string;
}

/** Reads the list from where it is to its end, as someone who scrolls. */
export async function readToTheEnd({ page }: Visitor): Promise<Shown[]> {
  const read = new Map<number, Shown>();
  const list = page.getByRole("region", { name: /^Messages/u });
  // The list may take a step back while it measures rows: where it ends is the end, not where it halts.
  for (let rests = 0; rests < 2;) {
    const before = read.size;
    for (const shown of await shownIn(page)) read.set(shown.seq, shown);
    const isAtEnd = await list.evaluate((element) => {
      const rest = element.scrollHeight - element.clientHeight - element.scrollTop;
      element.scrollBy(0, element.clientHeight * 0.7);
      return rest < 2;
    });
    // The rows that come into sight are drawn in the next frames.
    await page.evaluate(
      () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
    );
    rests = isAtEnd && read.size === before ? rests + 1 : 0;
  }
  return [...read.values()].toSorted((a, b) => a.seq - b.seq);
}

/** The messages that are in the document now. */
export async function shownIn(page: Page): Promise<Shown[]> {
  return page.evaluate(() =>
    Array.from(document.querySelectorAll<HTMLElement>("[data-seq]"), (message) => ({
      seq: Number(message.dataset["seq"]),
      text: message.querySelector(".text")?.textContent ?? "",
    })),
  );
}

/**
 * Looks at a page as it is now in light, in dark and on a phone of 360 px: a picture of each, and what is
 * wrong with it. Leaves it as it was.
 */
export async function lookAt(visitor: Visitor, name: string): Promise<string[]> {
  const { page } = visitor;
  const size = page.viewportSize();
  const problems: string[] = [];
  for (const colorScheme of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme });
    problems.push(...(await barriersIn(visitor)).map((each) => `${colorScheme}: ${each}`));
    await visitor.picture(`${name}-${colorScheme}`);
  }
  await page.setViewportSize({ width: 360, height: 740 });
  problems.push(...(await stickingOut(page)).map((each) => `360 px: ${each}`));
  await visitor.picture(`${name}-phone`);
  if (size !== null) await page.setViewportSize(size);
  return problems;
}

/** What is wider than the page, or than the dialog that it is in. */
async function stickingOut(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [document.documentElement, ...document.querySelectorAll("dialog[open]")]
      .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)
      .map(({ tagName, scrollWidth }) => `${tagName} is ${scrollWidth} px wide`),
  );
}

/** What axe finds against WCAG 2.2 A and AA, and its best practices. */
export async function barriersIn({ page }: Visitor): Promise<string[]> {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { axe: checker } = globalThis as unknown as { axe: typeof axe };
    const { violations } = await checker.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    });
    return violations.map(
      ({ id, nodes }) =>
        `${id}: ${nodes.map(({ target, failureSummary }) => `${target.join(" ")} ${failureSummary}`).join("; ")}`,
    );
  });
}
