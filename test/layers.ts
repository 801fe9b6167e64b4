import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import type { IConfiguration, ICruiseResult } from "dependency-cruiser";

const root = fileURLToPath(new URL("..", import.meta.url));
const rules = path.join(root, ".dependency-cruiser.cjs");
const folders = [
  "protocol",
  "filters",
  "db",
  "server",
  "workers",
  "client",
  "web",
  "bench",
  "deploy",
  "test",
];

process.exitCode = await checkLayers();

/** Checks who imports whom against the table in .dependency-cruiser.cjs; answers an exit code. */
async function checkLayers(): Promise<number> {
  const result = await cruise();
  const problems = [...violations(result), ...blindRules(result)];
  for (const problem of problems) console.error(problem);
  console.info(`${result.summary.totalCruised} modules, ${problems.length} layer problems`);
  return problems.length === 0 ? 0 : 1;
}

async function cruise(): Promise<ICruiseResult> {
  const { stdout } = await promisify(execFile)(
    path.join(root, "node_modules", ".bin", "depcruise"),
    ["--config", rules, "--output-type", "json", ...folders.filter(isThere)],
    { cwd: root, maxBuffer: 256_000_000 },
  );
  const result: ICruiseResult = JSON.parse(stdout);
  return result;
}

function isThere(folder: string): boolean {
  return existsSync(path.join(root, folder));
}

function violations({ summary }: ICruiseResult): string[] {
  return summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`);
}

/**
 * A cruise that reads no file, for want of a parser, finds no violation either. So every rule about a
 * folder that exists must have looked at something, and something must import something.
 */
function blindRules({ modules, summary }: ICruiseResult): string[] {
  const { forbidden = [] }: IConfiguration = createRequire(import.meta.url)(rules);
  const blind = forbidden.flatMap(({ name, from }) => {
    const covers = typeof from.path === "string" ? from.path : "";
    const folder = folders.find((each) => covers.startsWith(`^${each}/`));
    if (folder === undefined || !isThere(folder)) return [];
    const looksAtSomething = modules.some(({ source }) => new RegExp(covers, "u").test(source));
    return looksAtSomething ? [] : [`${name}: covers no file`];
  });
  const isEmpty = summary.totalCruised === 0 || (summary.totalDependenciesCruised ?? 0) === 0;
  return isEmpty ? ["the cruise saw no imports", ...blind] : blind;
}
