import type { Plot } from "./plot.ts";
import type { Table } from "./table.ts";

/** A side-by-side measurement: several ways to do one thing, in turns, in one run. */
export interface Benchmark {
  name: string;
  /** What it compares, in one line. */
  summary: string;
  /** It measures with data that Eddy does not come with: the command line has to name their folder. */
  needsFolder?: true;
  /** Errors: when a way lost or doubled something; what is wrong must not look fast. */
  run: (options: RunOptions) => Promise<Report>;
}

export interface RunOptions {
  /** A few seconds instead of a minute: shows that it works, not how fast. */
  quick: boolean;
  /** Data that the command line names. */
  folder?: string | undefined;
  /** Where to leave what was predicted, for other evaluators. */
  predictions?: string | undefined;
  onProgress: (line: string) => void;
}

/** What a benchmark found. */
export interface Report {
  title: string;
  /** The result in sentences, each with its ratio. */
  claims: string[];
  tables: Table[];
  /** What of it is better seen, on one picture. */
  plots?: Plot[];
  /** What profiles of the servers showed to be in the way of goals that are missed. */
  profile?: string[];
  /** How it was measured, for who doubts it. */
  method: string[];
  /** Programs that took part, beyond Node. */
  versions: Record<string, string>;
}
