import { statSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { appendBenchmark } from "./append/append-benchmark.ts";
import type { Benchmark, Report, RunOptions } from "./benchmark.ts";
import { conversationsBenchmark } from "./conversations/conversations-benchmark.ts";
import { fanOutBenchmark } from "./fan-out/fan-out-benchmark.ts";
import { manyRoomsBenchmark, storedRoomsBenchmark } from "./fan-out/many-rooms-benchmarks.ts";
import { filtersBenchmark } from "./filters/filters-benchmark.ts";
import { idleBenchmark } from "./idle/idle-benchmark.ts";
import { importBenchmark } from "./import/import-benchmark.ts";
import { missedBenchmark } from "./missed/missed-benchmark.ts";
import { neverReadingBenchmark } from "./never-reading/never-reading-benchmark.ts";
import { renderPlots } from "./plot.ts";
import { searchBenchmark } from "./search/search-benchmark.ts";
import { showReport } from "./show-report.ts";
import { storeBenchmark } from "./store/store-benchmark.ts";
import { stormBenchmark } from "./storm/storm-benchmark.ts";
import { unreadBenchmark } from "./unread/unread-benchmark.ts";

const benchmarks: Benchmark[] = [
  appendBenchmark,
  storeBenchmark,
  fanOutBenchmark,
  manyRoomsBenchmark,
  storedRoomsBenchmark,
  idleBenchmark,
  stormBenchmark,
  neverReadingBenchmark,
  importBenchmark,
  conversationsBenchmark,
  filtersBenchmark,
  missedBenchmark,
  searchBenchmark,
  unreadBenchmark,
];

process.exitCode = await main();

/** Runs the benchmarks that the command line names, or all; answers an exit code. */
async function main(): Promise<number> {
  const given = readArgs();
  if (given === null) return 2;
  const { values, positionals } = given;
  if (values.help) {
    console.info(usage());
    return 0;
  }
  const unnamed = positionals.filter((name) => benchmarks.every((each) => each.name !== name));
  const folder = unnamed.find((name) => statSync(name, { throwIfNoEntry: false })?.isDirectory());
  const unknown = unnamed.filter((name) => name !== folder);
  const names = positionals.filter((name) => name !== folder);
  if (unknown.length > 0 || names.length === 0) console.info(usage());
  if (unknown.length > 0) {
    console.error(`There is no benchmark "${unknown.join('", "')}".`);
    return 2;
  }
  // Ctrl-C ends the servers too: they go when this process exits.
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));
  for (const benchmark of benchmarks) {
    if (names.length > 0 && !names.includes(benchmark.name)) continue;
    if (benchmark.needsFolder === true && folder === undefined) {
      console.info(
        `${benchmark.name} is left out: name its data, npm run bench -- ${benchmark.name} DIR`,
      );
      if (names.length > 0) return 2;
      continue;
    }
    if (!(await runOne(benchmark, { ...values, folder }))) return 1;
  }
  return 0;
}

function readArgs() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        quick: { type: "boolean", default: false },
        help: { type: "boolean", default: false, short: "h" },
        predictions: { type: "string" },
      },
    });
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage()}`);
    return null;
  }
}

function usage(): string {
  const list = benchmarks.map(({ name, summary }) => `  ${name.padEnd(14)}${summary}`);
  return [
    "npm run bench -- [name …] [DIR] [--quick] [--predictions FILE]",
    "",
    ...list,
    "",
    "DIR holds the data of a benchmark that needs some; --predictions keeps what it predicted.",
    "--quick shows in seconds that they work; its figures are not kept.",
    "With CPU_PROF_DIR in the environment, every gateway and worker leaves a CPU profile there.",
    "",
  ].join("\n");
}

async function runOne(
  benchmark: Benchmark,
  options: Omit<RunOptions, "onProgress">,
): Promise<boolean> {
  const { name } = benchmark;
  const onProgress = (line: string) => console.info(`${name}: ${line}`);
  try {
    const report = await benchmark.run({ ...options, onProgress });
    console.info(`\n${showReport(report, null)}`);
    const picture = renderPlots(report.plots ?? []);
    if (!options.quick) await keep(name, report, picture);
    return true;
  } catch (error) {
    console.error(`${name} failed:`, error);
    return false;
  }
}

async function keep(name: string, report: Report, picture: string): Promise<void> {
  const folder = fileURLToPath(new URL("results/", import.meta.url));
  await mkdir(folder, { recursive: true });
  const hasPicture = (report.plots ?? []).length > 0;
  if (hasPicture) await writeFile(`${folder}${name}.svg`, picture);
  await writeFile(`${folder}${name}.md`, showReport(report, hasPicture ? `${name}.svg` : null));
  console.info(`Written to bench/results/${name}.md`);
}
