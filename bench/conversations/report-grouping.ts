import { statSync } from "node:fs";

import { RESUME_MESSAGES } from "../../workers/conversations/grouper.ts";
import { MODEL_FILE, type ConversationModel } from "../../workers/conversations/model.ts";
import type { Report } from "../benchmark.ts";
import { quantile } from "../spread.ts";
import type { Table } from "../table.ts";
import type { Accuracy, GroupingScore } from "./score-grouping.ts";

/** What was found. */
export interface Grouped {
  model: ConversationModel;
  score: GroupingScore;
  logs: { name: string; score: GroupingScore }[];
  milliseconds: number[];
}

/** What the paper's authors report of their single feed-forward network on their test split. */
const PUBLISHED = [
  "their feed-forward, test split",
  "73.7/71.0/72.3",
  "91.3",
  "75.6",
  "34.6/38.0/36.2",
];

/** The measures in tables. */
export function reportGrouping(grouped: Grouped): Report {
  const { model, score, logs, milliseconds } = grouped;
  const sorted = milliseconds.toSorted((a, b) => a - b);
  const mean = milliseconds.reduce((sum, each) => sum + each, 0) / milliseconds.length;
  const kilobytes = (statSync(MODEL_FILE).size / 1_000).toFixed(1);
  const { data, licence, logs: learntFrom, messages } = model.header;
  return {
    title: "Grouping messages into conversations, as they come",
    claims: [
      `${score.messages.toLocaleString("en")} annotated messages of ${logs.length} ${logs.length === 1 ? "log" : "logs"}: link F ${percent(score.link.f)}, VI ${percent(score.vi)}, 1-1 ${percent(score.oneToOne)}, exact F ${percent(score.exact.f)}.`,
      `${mean.toFixed(2)} ms a message on one core; a model of ${kilobytes} KB; a room resumes from its last ${RESUME_MESSAGES} messages.`,
    ],
    tables: [
      agreement("Agreement with annotators", [
        cells("Eddy, by what was said before only", score),
        PUBLISHED,
      ]),
      agreement(
        "Agreement by log",
        logs.map((log) => cells(log.name, log.score)),
      ),
      {
        title: "Time for a message",
        columns: ["ms", "mean", "p50", "p99", "most"],
        rows: [
          ["Eddy", mean, quantile(sorted, 0.5), quantile(sorted, 0.99), sorted.at(-1) ?? 0].map(
            (cell) => (typeof cell === "string" ? cell : cell.toFixed(3)),
          ),
        ],
      },
    ],
    method: [
      "Each log is a room: its messages go one by one through the grouper in workers/conversations. Joins, parts and renames are not messages; each stands alone, as for the annotators. Lines before the annotated ones are context and not scored.",
      "Links and conversations are measured as in Kummerfeld et al. (ACL 2019), pooled over all logs: VI as 100 × (1 − variation of information ÷ log2 of messages), 1-1 by the best pairing of conversations, exact over conversations of two messages and more. Their network looks at what follows, too.",
      `The model was learnt from ${learntFrom} logs (${messages.toLocaleString("en")} messages): ${data}; ${licence}. Figures are honest only for logs that are not among them.`,
    ],
    versions: {},
  };
}

function agreement(title: string, rows: string[][]): Table {
  return { title, columns: ["in percent", "link P/R/F", "VI", "1-1", "exact P/R/F"], rows };
}

function cells(name: string, { link, vi, oneToOne, exact }: GroupingScore): string[] {
  return [name, triple(link), percent(vi), percent(oneToOne), triple(exact)];
}

function triple({ precision, recall, f }: Accuracy): string {
  return [precision, recall, f].map(percent).join("/");
}

function percent(value: number): string {
  return value.toFixed(1);
}
