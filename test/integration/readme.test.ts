import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";

import { afterAll, beforeAll, expect, test } from "@jest/globals";

import { firstGateway, openWorld, type World } from "../support/world.ts";

const run = promisify(execFile);
const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

test("README's requests with nothing but curl open a room and say something in it", async () => {
  const blocks = [...readme.matchAll(/^```sh\n(.*?)^```$/gmsu)].map(([, block = ""]) => block);
  const requests = blocks.filter((block) => block.includes("curl"));
  expect(requests).toHaveLength(1);
  const host = new URL(firstGateway(world).url).host;
  const script = (requests[0] ?? "")
    .replaceAll("localhost:3000", host)
    .replaceAll("curl ", "curl -sS ");
  const { stdout } = await run("bash", ["-euo", "pipefail", "-c", script]);
  expect(stdout).toContain('"slug":"watercooler"');
  expect(stdout).toMatch(/\{"seq":1,"epoch":1,"at":"[^"]+","duplicate":false\}/u);
});

test("every npm script that README names is there", () => {
  const { scripts } = JSON.parse(
    readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
  ) as { scripts: Record<string, string> };
  const named = [...readme.matchAll(/npm run ([\w:]+)/gu)].map(([, name = ""]) => name);
  expect(named.length).toBeGreaterThan(3);
  expect(Object.keys(scripts)).toEqual(expect.arrayContaining(named));
});
