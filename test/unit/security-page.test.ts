import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { expect, test } from "@jest/globals";

const root = fileURLToPath(new URL("../..", import.meta.url));
const page = readFileSync(path.join(root, "docs/SECURITY.md"), "utf8");
const titles = readdirSync(path.join(root, "test"), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".test.ts"))
  .flatMap((file) => [
    ...readFileSync(path.join(root, "test", file), "utf8").matchAll(/\[security (\d+)\]/gu),
  ])
  .map(([, number]) => Number(number));
const rows = [...page.matchAll(/^\| (\d+) +\|.*\| ([^|]*?) +\|$/gmu)].map(
  ([, number, how = ""]) => [Number(number), how] as const,
);

test("SECURITY.md lists what is to be defended, from 1 to 18", () => {
  expect(rows.map(([number]) => number)).toEqual(Array.from({ length: 18 }, (_, i) => i + 1));
});

test.each(rows.filter(([, how]) => !how.endsWith("not offered yet")))(
  "what SECURITY.md says of %i has a test of that number",
  (number) => {
    expect(titles).toContain(number);
  },
);
