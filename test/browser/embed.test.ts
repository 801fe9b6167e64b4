import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { SignJWT } from "jose";
import type { FrameLocator, Page } from "playwright-core";

import type { Room } from "../../protocol/shapes.ts";
import { type Backend, Link } from "../chaos/stack/link.ts";
import { firstGateway, type Person } from "../support/world.ts";
import { type Bath, openBath } from "./people.ts";

const secret = "a secret that only the host and Eddy know";

let bath: Bath;
let eddy: Link;
let friend: Server;
let stranger: Server;
let host: Person;
let room: Room;
beforeAll(async () => {
  // Eddy must know its own address before it starts.
  const gateway: Backend = { name: "gateway", port: 0, up: true };
  eddy = new Link("public address", [gateway]);
  await eddy.open();
  friend = await openSite();
  stranger = await openSite();
  bath = await openBath({
    PUBLIC_URL: urlOf(eddy),
    ALLOWED_ORIGINS: originOf(friend),
    AUTH_JWT_SECRET: secret,
  });
  gateway.port = firstGateway(bath.world).port;
  host = await bath.world.person("Host");
  room = await host.openRoom("Support", { slug: "support" });
}, 60_000);
afterAll(async () => {
  await bath.close();
  await eddy.close();
  for (const site of [friend, stranger]) {
    site.close();
    site.closeAllConnections();
  }
});

const urlOf = ({ port }: { port: number }) => `http://127.0.0.1:${port}`;
const originOf = (site: Server) => urlOf(site.address() as AddressInfo);

const policyOf = async (path: string) =>
  (await fetch(`${urlOf(eddy)}${path}`)).headers.get("content-security-policy");

/** A site that has put a room on its page; its query is the token of whoever is signed in there. */
async function openSite(): Promise<Server> {
  const site = createServer((request, response) => {
    const token = new URL(request.url ?? "/", "http://site").searchParams.get("token");
    response.setHeader("Content-Type", "text/html").end(`<!doctype html><title>A site</title>
      <script>const eddyToken = async () => ${JSON.stringify(token)}; window.eddyToken = eddyToken;</script>
      <h1>A site</h1>
      <script src="${urlOf(eddy)}/embed.js" data-room="support" data-height="480px"></script>`);
  });
  await new Promise<void>((resolve) => void site.listen(0, "127.0.0.1", resolve));
  return site;
}

async function visit(url: string): Promise<{ page: Page; frame: FrameLocator }> {
  const page = await (await bath.browser.newContext()).newPage();
  await page.goto(url);
  return { page, frame: page.frameLocator("iframe[title=Chat]") };
}

test("a room on another site takes a name, and then words", async () => {
  const { frame } = await visit(originOf(friend));
  await frame.getByRole("heading", { name: "Support" }).waitFor();
  await frame.getByLabel("What should people call you?").fill("Ada");
  await frame.getByRole("button", { name: "Drop in" }).click();
  const field = frame.getByRole("textbox", { name: "Message", exact: true });
  await field.fill("My boat leaks");
  await field.press("Enter");
  await frame.getByTitle("Sent and stored").waitFor();
  expect(await frame.getByRole("link", { name: "All rooms" }).count()).toBe(0);
  const { body } = await host.rest<{ items: { text: string }[] }>(
    "GET",
    `/rooms/${room.id}/messages`,
  );
  expect(body.items.map(({ text }) => text)).toContain("My boat leaks");
});

test("whoever is signed in there comes in under their name, without being asked for it", async () => {
  const token = await new SignJWT({ name: "Grace of the site" })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject("grace")
    .setExpirationTime("5m")
    .sign(new TextEncoder().encode(secret));
  const { page, frame } = await visit(`${originOf(friend)}/?token=${token}`);
  const field = frame.getByRole("textbox", { name: "Message", exact: true });
  await field.fill("It does");
  await field.press("Enter");
  const said = frame.getByRole("article", { name: /^Grace of the site/u });
  await said.waitFor();
  expect(await said.innerText()).toContain("It does");
  await page.screenshot({ path: "test-output/browser/embed.png" });
});

test("a token that is not good is not believed: there is the name, as for everyone", async () => {
  const { frame } = await visit(`${originOf(friend)}/?token=not.a.token`);
  const name = frame.getByLabel("What should people call you?");
  await name.waitFor();
  expect(await name.inputValue()).toBe("");
});

test("a site that is not on the list cannot frame Eddy, and nobody can frame the page itself", async () => {
  const { page } = await visit(originOf(stranger));
  await expect(
    page.frameLocator("iframe[title=Chat]").locator("#page").waitFor({ timeout: 2_000 }),
  ).rejects.toThrow(/Timeout/u);
  expect(await policyOf("/embed/support")).toContain(`frame-ancestors ${originOf(friend)}`);
  for (const path of ["/", "/r/support"]) {
    expect(await policyOf(path)).toContain("frame-ancestors 'none'");
  }
});
