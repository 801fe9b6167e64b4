import { spawn } from "node:child_process";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { type Mutant, mutants } from "./mutants.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** What a mutant's test said: it must have failed, not broken down. */
interface Verdict {
  mutant: Mutant;
  caught: boolean;
  seconds: number;
  note: string;
}

/** At most this many at once: each starts stores of its own. */
const AT_ONCE = 2;
/** Longest time for one test: a mutant may well make it wait for ever. */
const DEADLINE_MS = 90_000;

await main(process.argv.slice(2));

/** Breaks one mechanism after the other in a copy of the tree, and demands that its test fails. */
async function main(wanted: string[]): Promise<void> {
  const chosen = mutants.filter(
    ({ guarantee }) => wanted.length === 0 || wanted.includes(guarantee),
  );
  const waiting = [...chosen];
  const verdicts: Verdict[] = [];
  const work = async () => {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      const verdict = await judge(mutant);
      verdicts.push(verdict);
      const { caught, seconds, note } = verdict;
      console.info(
        `${caught ? "caught " : "MISSED "} ${mutant.guarantee.padEnd(4)}${mutant.breaks} (${seconds.toFixed(0)} s)${note}`,
      );
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const missed = verdicts.filter(({ caught }) => !caught).length;
  console.info(`${verdicts.length - missed} passed, ${missed} failed`);
  process.exitCode = missed === 0 ? 0 : 1;
}

async function judge(mutant: Mutant): Promise<Verdict> {
  const startedAt = Date.now();
  const copy = await mkdtemp(path.join(tmpdir(), "eddy-mutant-"));
  try {
    await copyTree(copy);
    const file = path.join(copy, mutant.file);
    const source = await readFile(file, "utf8");
    if (source.split(mutant.find).length !== 2) {
      return {
        mutant,
        caught: false,
        seconds: 0,
        note: `: ${mutant.file} holds its text not once`,
      };
    }
    await writeFile(
      file,
      source.replace(mutant.find, () => mutant.replace),
    );
    const { output } = await runTest(copy, mutant);
    const [, failed] = /^\d+ passed, (\d+) failed$/mu.exec(output) ?? [];
    const ran = /^Tests: .*\d+ failed/mu.test(output);
    const caught = Number(failed) > 0 && ran;
    const note = caught ? "" : `:\n${output.trim().split("\n").slice(-12).join("\n")}`;
    return { mutant, caught, seconds: (Date.now() - startedAt) / 1_000, note };
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

async function copyTree(copy: string): Promise<void> {
  const folders = ["protocol", "db", "server", "workers", "client", "test"];
  const files = ["package.json", "jest.config.js", "tsconfig.json"];
  for (const name of [...folders, ...files]) {
    await cp(path.join(root, name), path.join(copy, name), { recursive: true });
  }
  await symlink(path.join(root, "node_modules"), path.join(copy, "node_modules"));
}

async function runTest(cwd: string, { test, title }: Mutant): Promise<{ output: string }> {
  const args = ["--silent", "test", "--", test, ...(title === undefined ? [] : ["-t", title])];
  const child = spawn("npm", args, {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: DEADLINE_MS,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  await new Promise((resolve) => child.once("close", resolve));
  return { output };
}
