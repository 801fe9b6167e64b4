import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { expect, test } from "@jest/globals";

import { mutants } from "../mutants/mutants.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

test.each(mutants)("$guarantee: that $breaks can still be tried", ({ file, find }) => {
  expect(read(file).split(find)).toHaveLength(2);
});

function read(file: string): string {
  return readFileSync(path.join(root, file), "utf8");
}
