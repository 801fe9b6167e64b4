import { readFile, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { parseArgs } from "node:util";

import { faultTable, missedGoals } from "./fault-table.ts";
import { recoveriesOf } from "./recovery.ts";
import { acceptedIn, runChaos, type RunOptions, type RunResult } from "./run.ts";
import { withRun } from "./runs-page.ts";
import { scenarios } from "./scenarios.ts";
import { everyFault, faultOf, scheduleOf } from "./schedule.ts";

const USAGE = `Starts two gateways, two workers, Redis and Postgres, lets people write, read, leave and
moderate, breaks things by a schedule that the seed decides, and checks the whole history:

  npm run chaos -- [--seed N] [--seconds 60] [--runs 1] [--fault NAME]… [--record]
  npm run chaos -- --scenario ${Object.keys(scenarios).join(" | ")}
  npm run chaos -- --table     each fault once, and how long it took to recover, into docs/FAULTS.md

Histories of runs that fail are kept in test-output/chaos. --record notes the outcome in docs/CHAOS.md.`;

const FOLDER = "test-output/chaos";
const TABLE_FILE = "docs/FAULTS.md";
const RUNS_FILE = "docs/CHAOS.md";
const LOAD = { writers: 8, readers: 6, everyMs: 250 };
/** For the table: enough for a backlog to be seen. */
const TABLE_LOAD = { writers: 12, readers: 2, everyMs: 100 };
const TABLE_FAULT_MS = 2_000;
const TABLE_EVERY_MS = 5_000;

process.exitCode = await main();
process.exit();

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seed: { type: "string" },
      seconds: { type: "string", default: "60" },
      runs: { type: "string", default: "1" },
      fault: { type: "string", multiple: true },
      scenario: { type: "string" },
      table: { type: "boolean" },
      record: { type: "boolean" },
      help: { type: "boolean" },
    },
  });
  if (values.help === true) {
    console.info(USAGE);
    return 0;
  }
  const first = values.seed === undefined ? Date.now() % 1_000_000 : Number(values.seed);
  if (values.table === true) return (await writeTable(first, values.fault)) ? 0 : 1;
  let failed = 0;
  const runs = Number(values.runs);
  for (let seed = first; seed < first + runs; seed += 1) {
    const plan = planOf(seed, values);
    const result = await run(`seed-${seed}`, { seed, ...plan });
    if (!holds(result)) failed += 1;
    if (values.record === true) await record(values.scenario ?? String(seed), result);
  }
  console.info(`${runs - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

/** What a run does, from the command line. Errors: names that there are not. */
function planOf(
  seed: number,
  { seconds, fault, scenario }: { seconds: string; fault?: string[]; scenario?: string },
): Omit<RunOptions, "seed" | "onProgress"> {
  if (scenario !== undefined) {
    const found = scenarios[scenario];
    if (found === undefined) throw new Error(`There is no scenario "${scenario}".`);
    return found;
  }
  for (const name of fault ?? []) faultOf(name);
  const schedule = scheduleOf(seed, Number(seconds), fault);
  return { schedule, lastsMs: Number(seconds) * 1_000, load: LOAD };
}

async function run(name: string, options: Omit<RunOptions, "onProgress">): Promise<RunResult> {
  console.info(`seed ${options.seed}, ${options.lastsMs / 1_000} s`);
  const startedAt = Date.now();
  const result = await runChaos({
    ...options,
    onProgress: (line) => {
      console.info(`${((Date.now() - startedAt) / 1_000).toFixed(1).padStart(6)} s  ${line}`);
    },
  });
  console.info(summaryOf(result));
  if (!holds(result)) {
    console.info(`history: ${await result.recorder.keep(FOLDER, name)}`);
    await writeFile(`${FOLDER}/${name}.log`, result.output);
  }
  return result;
}

async function record(
  name: string,
  { history, violations, settledMs, lastedMs }: RunResult,
): Promise<void> {
  const page = await readFile(RUNS_FILE, "utf8").catch(() => "");
  const summary = {
    run: name,
    seconds: Math.round(lastedMs / 1_000),
    faults: history.of("fault").length,
    accepted: acceptedIn(history.of("answer")),
    told: history.of("fact").length,
    settledMs,
    violated: Object.keys(violations),
  };
  const next = withRun(page, summary, scenarios);
  await writeFile(RUNS_FILE, next);
}

function holds({ violations, settledMs }: RunResult): boolean {
  return Object.keys(violations).length === 0 && settledMs !== null;
}

function summaryOf({ history, violations, settledMs }: RunResult): string {
  const answers = history.of("answer");
  const count = (outcome: string) => answers.filter((one) => one.outcome === outcome).length;
  const lines = [
    `${count("ok")} accepted, ${count("fail")} refused, ${count("unknown")} unanswered; ` +
      `${history.of("fact").length} facts received, ${history.of("fault").length} faults`,
  ];
  for (const [name, problems] of Object.entries(violations)) {
    lines.push(`${name} VIOLATED ${problems.length} times:`);
    lines.push(...problems.slice(0, 5).map((problem) => `    ${problem}`));
  }
  if (Object.keys(violations).length === 0) lines.push("C1–C15 hold");
  if (settledMs === null) lines.push("NOT SETTLED in time");
  return lines.join("\n");
}

/** Every fault once; the page is written only when everything held. */
async function writeTable(seed: number, only: readonly string[] | undefined): Promise<boolean> {
  const schedule = everyFault(TABLE_FAULT_MS, TABLE_EVERY_MS, only);
  const lastsMs = (schedule.at(-1)?.atMs ?? 0) + TABLE_EVERY_MS;
  const result = await run(`table-${seed}`, { seed, schedule, lastsMs, load: TABLE_LOAD });
  const recoveries = recoveriesOf(result.history);
  const missed = missedGoals(recoveries);
  const page = faultTable(recoveries, { seed, machine: `${cpus().length} cores for all of it` });
  console.info(page);
  for (const goal of missed) console.info(`MISSED ${goal}`);
  if (!holds(result)) return false;
  await writeFile(TABLE_FILE, page);
  return missed.length === 0;
}
