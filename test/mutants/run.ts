import { spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

// @ts-expect-error: a configuration in JavaScript has no types.
import jestConfig from "../../jest.config.js";
import startPostgres from "../support/global-setup.ts";
import stopPostgres from "../support/global-teardown.ts";
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

/**
 * Breaks one mechanism after the other in a copy of the tree, and demands that its test fails; and
 * that it passes while nothing is broken. `npm run mutants -- G5` runs those of one guarantee only, and
 * so do words out of what is broken.
 */
async function main(wanted: string[]): Promise<void> {
  const chosen = mutants.filter(
    ({ guarantee, breaks }) =>
      wanted.length === 0 || wanted.some((word) => word === guarantee || breaks.includes(word)),
  );
  const home = await mkdtemp(path.join(tmpdir(), "eddy-mutants-"));
  try {
    await startPostgres();
    const lanes = await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => openLane(home, i)));
    const unsound = await checkUnbroken(lanes, chosen);
    const verdicts = unsound === 0 ? await judgeAll(lanes, chosen) : [];
    report(verdicts);
    const missed = verdicts.filter(({ caught }) => !caught).length + unsound;
    console.info(`${verdicts.filter(({ caught }) => caught).length} passed, ${missed} failed`);
    process.exitCode = missed === 0 ? 0 : 1;
  } finally {
    await stopPostgres();
    await rm(home, { recursive: true, force: true });
  }
}

/** A copy of the tree that shares node_modules; in it one mutant runs after the other. */
async function openLane(home: string, index: number): Promise<string> {
  const lane = path.join(home, `lane-${index}`);
  await mkdir(lane);
  const folders = [
    "protocol",
    "filters",
    "db",
    "server",
    "workers",
    "client",
    "web",
    "deploy",
    "test",
  ];
  const files = ["package.json", "package-lock.json", "tsconfig.json", "vite.config.ts"];
  for (const name of [...folders, ...files]) {
    await cp(path.join(root, name), path.join(lane, name), { recursive: true, filter: isSource });
  }
  await symlink(path.join(root, "node_modules"), path.join(lane, "node_modules"));
  return lane;
}

/** A page that was built before is older than its copied sources: a lane builds its own. */
function isSource(from: string): boolean {
  return !from.includes(path.join("web", "dist"));
}

/** How many test files do not pass, or have no test of a title that a mutant names, with nothing broken. */
async function checkUnbroken(lanes: string[], chosen: Mutant[]): Promise<number> {
  const files = [...new Set(chosen.map(({ test }) => test))];
  let unsound = 0;
  await share(lanes, files, async (lane, file) => {
    const titles = chosen.filter(({ test }) => test === file).map(({ title }) => title);
    const { tests, output } = await runTest(lane, file, titles.includes(undefined) ? [] : titles);
    const passed = tests.filter(({ status }) => status === "passed");
    const failed = tests.some(({ status }) => status === "failed");
    const missing = titles.filter(
      (title) => title !== undefined && !passed.some(({ fullName }) => fullName.includes(title)),
    );
    if (!failed && passed.length > 0 && missing.length === 0) return;
    unsound += 1;
    console.info(`UNSOUND ${file}: ${missing.join("; ")}\n${lastLines(output)}`);
  });
  return unsound;
}

async function judgeAll(lanes: string[], chosen: Mutant[]): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  await share(lanes, chosen, async (lane, mutant) => {
    const verdict = await judge(lane, mutant);
    verdicts.push(verdict);
    const { caught, seconds, note } = verdict;
    console.info(
      `${String(verdicts.length).padStart(3)}/${chosen.length} ${caught ? "caught" : "MISSED"} ${mutant.guarantee.padEnd(12)}${mutant.breaks} (${seconds.toFixed(0)} s)${note}`,
    );
  });
  return chosen.flatMap((mutant) => verdicts.find((verdict) => verdict.mutant === mutant) ?? []);
}

/** Gives each lane one item after the other. */
async function share<T>(
  lanes: string[],
  items: readonly T[],
  work: (lane: string, item: T) => Promise<void>,
): Promise<void> {
  const waiting = [...items];
  await Promise.all(
    lanes.map(async (lane) => {
      for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
        await work(lane, item);
      }
    }),
  );
}

async function judge(lane: string, mutant: Mutant): Promise<Verdict> {
  const startedAt = Date.now();
  const file = path.join(lane, mutant.file);
  const source = await readFile(file, "utf8");
  if (source.split(mutant.find).length !== 2) {
    const note = `: ${mutant.file} holds its text not once`;
    return { mutant, caught: false, seconds: 0, note };
  }
  await writeFile(
    file,
    source.replace(mutant.find, () => mutant.replace),
  );
  try {
    const { tests, output } = await runTest(lane, mutant.test, [mutant.title]);
    // A file that does not even load has no tests, and proves nothing.
    const caught = tests.some(({ status }) => status === "failed");
    const note = caught ? "" : `:\n${lastLines(output)}`;
    return { mutant, caught, seconds: (Date.now() - startedAt) / 1_000, note };
  } finally {
    await writeFile(file, source);
  }
}

interface Test {
  fullName: string;
  status: string;
}

async function runTest(
  lane: string,
  file: string,
  titles: (string | undefined)[],
): Promise<{ tests: Test[]; output: string }> {
  const results = path.join(lane, "results.json");
  await rm(results, { force: true });
  // All runs share the Postgres that is up; each test file has its own database in it.
  const { globalSetup: _setUp, globalTeardown: _tearDown, ...config } = jestConfig;
  const pattern = titles.flatMap((title) => (title === undefined ? [] : [escape(title)])).join("|");
  const child = spawn(
    process.execPath,
    [
      "--experimental-vm-modules",
      path.join(lane, "node_modules", "jest", "bin", "jest.js"),
      `--config=${JSON.stringify({ ...config, rootDir: lane, reporters: ["default"] })}`,
      "--runInBand",
      "--forceExit",
      "--json",
      `--outputFile=${results}`,
      ...(pattern === "" ? [] : [`--testNamePattern=${pattern}`]),
      file,
    ],
    { cwd: lane, stdio: ["ignore", "pipe", "pipe"], timeout: DEADLINE_MS },
  );
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  await new Promise((resolve) => child.once("close", resolve));
  const text = await readFile(results, "utf8").catch(() => '{"testResults":[]}');
  const { testResults } = JSON.parse(text) as { testResults: { assertionResults: Test[] }[] };
  return { tests: testResults.flatMap(({ assertionResults }) => assertionResults), output };
}

function escape(title: string): string {
  return title.replaceAll(/[\\^$.*+?()[\]{}|]/gu, String.raw`\$&`);
}

function lastLines(output: string): string {
  return output.trim().split("\n").slice(-30).join("\n");
}

function report(verdicts: Verdict[]): void {
  console.info("\n| guarantee | broken | caught |\n| --- | --- | --- |");
  for (const { mutant, caught } of verdicts) {
    console.info(`| ${mutant.guarantee} | ${mutant.breaks} | ${caught ? "yes" : "NO"} |`);
  }
}
