/** What came of one seeded run. */
export interface RunSummary {
  seed: number;
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

const ROW = /^\| \d+ \|.*\|$/gmu;
const HOLDS = "hold";

/** The page of seeded runs with one run more; a seed that was run before has its new outcome. */
export function withRun(page: string, run: RunSummary): string {
  const others = (page.match(ROW) ?? []).filter((row) => !row.startsWith(`| ${run.seed} |`));
  const rows = [...others, rowOf(run)].toSorted((a, b) => seedOf(a) - seedOf(b));
  const held = rows.filter((row) => row.endsWith(`| ${HOLDS} |`)).length;
  return `# Seeded runs of everything, with faults

Written by \`npm run chaos -- --record\`. **${held} of ${rows.length} seeds held.** In each run two gateways, two workers, Redis
(\`everysec\`) and Postgres are real processes; people write, read, leave and moderate; the seed decides which of
[the faults](FAULTS.md) come, when, to whom and for how long. \`npm run chaos -- --seed N\` has the same ones again.

| seed | lasted | faults | messages accepted | facts told | all agreed after | C1–C15 |
| --- | --- | --- | --- | --- | --- | --- |
${rows.join("\n")}
`;
}

function rowOf({ seed, seconds, faults, accepted, told, settledMs, violated }: RunSummary): string {
  const settled = settledMs === null ? "never" : `${(settledMs / 1_000).toFixed(1)} s`;
  const isSound = violated.length === 0 && settledMs !== null;
  const verdict = isSound ? HOLDS : `VIOLATED ${violated.join(", ")}`.trim();
  const cells = [seed, `${seconds} s`, faults, accepted, told, settled, verdict];
  return `| ${cells.join(" | ")} |`;
}

function seedOf(row: string): number {
  return Number(row.split(" ")[1]);
}
