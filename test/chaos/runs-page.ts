/** What came of one run. */
export interface RunSummary {
  /** A seed, or the name of a scenario. */
  run: string;
  seconds: number;
  faults: number;
  accepted: number;
  /** Facts that people were told. */
  told: number;
  /** From the last fault's end until everyone agreed (ms); null when they did not in time. */
  settledMs: number | null;
  /** Names of the checks that failed. */
  violated: readonly string[];
}

const ROW = /^\| .* \| (?:hold|VIOLATED.*) \|$/gmu;
const HOLDS = "hold";

/** The page of recorded runs with one run more; a seed that was run before has its new outcome. */
export function withRun(
  page: string,
  run: RunSummary,
  scenarios: Readonly<Record<string, { purpose: string }>>,
): string {
  const others = (page.match(ROW) ?? []).filter((row) => nameOf(row) !== run.run);
  const rows = [...others, rowOf(run)];
  const seeds = rows
    .filter((row) => !Object.hasOwn(scenarios, nameOf(row)))
    .toSorted((a, b) => Number(nameOf(a)) - Number(nameOf(b)));
  const held = seeds.filter((row) => row.endsWith(`| ${HOLDS} |`)).length;
  const purposes = Object.entries(scenarios).map(
    ([name, { purpose }]) => `- \`${name}\`: ${purpose}`,
  );
  return `# Recorded runs of everything, with faults

Written by \`npm run chaos -- --record\`. In each run two gateways, two workers, Redis and Postgres are real processes; people
write, read, leave and moderate, and the whole history goes through the checks C1–C15.

## Seeds

**${held} of ${seeds.length} seeds held.** The seed decides which of [the faults](FAULTS.md) come, when, to whom and for how long;
\`npm run chaos -- --seed N\` has the same ones again. Redis keeps its file \`everysec\`.

${tableOf(seeds)}

## Scenarios

\`npm run chaos -- --scenario NAME\`:

${purposes.join("\n")}

${tableOf(rows.filter((row) => Object.hasOwn(scenarios, nameOf(row))).toSorted())}
`;
}

function tableOf(rows: readonly string[]): string {
  return `| run | lasted | faults | messages accepted | facts told | all agreed after | C1–C15 |
| --- | --- | --- | --- | --- | --- | --- |
${rows.join("\n")}`;
}

function rowOf({ run, seconds, faults, accepted, told, settledMs, violated }: RunSummary): string {
  const settled = settledMs === null ? "never" : `${(settledMs / 1_000).toFixed(1)} s`;
  const isSound = violated.length === 0 && settledMs !== null;
  const verdict = isSound ? HOLDS : `VIOLATED ${violated.join(", ")}`.trim();
  const cells = [run, `${seconds} s`, faults, accepted, told, settled, verdict];
  return `| ${cells.join(" | ")} |`;
}

function nameOf(row: string): string {
  return row.split(" ")[1] ?? "";
}
