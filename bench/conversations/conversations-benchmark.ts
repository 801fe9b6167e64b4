import { writeFile } from "node:fs/promises";

import { RoomGrouper } from "../../workers/conversations/grouper.ts";
import { type ConversationModel, loadModel } from "../../workers/conversations/model.ts";
import type { Benchmark } from "../benchmark.ts";
import { type AnnotatedLog, goldParents, messageOf, readAnnotatedLogs } from "./annotated-log.ts";
import { reportGrouping } from "./report-grouping.ts";
import { type Grouping, scoreGroupings } from "./score-grouping.ts";

/** How well the grouping agrees with people's, and what it costs. */
export const conversationsBenchmark: Benchmark = {
  name: "conversations",
  summary: "grouping messages into conversations, against what people annotated in DIR",
  needsFolder: true,
  run: async ({ quick, folder, predictions, onProgress }) => {
    if (folder === undefined) throw new Error("name the folder of the annotated logs");
    const model = loadModel();
    const logs = await readAnnotatedLogs(folder);
    const played: Played[] = [];
    for (const log of quick ? logs.slice(0, 1) : logs) {
      played.push(playLog(log, model));
      onProgress(`${log.name}: ${log.lines.length} lines`);
    }
    if (predictions !== undefined) await writeFile(predictions, played.flatMap(rowsOf).join(""));
    return reportGrouping({
      model,
      score: scoreGroupings(played),
      logs: played.map((each) => ({ name: each.name, score: scoreGroupings([each]) })),
      milliseconds: played.flatMap((each) => each.milliseconds),
    });
  },
};

/** How a log was grouped, and how long each message took. */
interface Played extends Grouping {
  name: string;
  milliseconds: number[];
}

/** Plays a log into a room, message by message, and notes the places of those that are annotated. */
function playLog({ name, lines }: AnnotatedLog, model: ConversationModel): Played {
  const grouper = new RoomGrouper(model);
  const gold = new Map<number, number[]>();
  const predicted = new Map<number, number>();
  const milliseconds: number[] = [];
  for (const line of lines) {
    if (line.annotated) gold.set(line.id, goldParents(line));
    // A join is no message: it stands alone, as it does for the annotators.
    if (line.system) {
      if (line.annotated) predicted.set(line.id, line.id);
      continue;
    }
    const begin = performance.now();
    const { parent } = grouper.place(messageOf(line));
    milliseconds.push(performance.now() - begin);
    if (line.annotated) predicted.set(line.id, parent);
  }
  return { name, gold, predicted, milliseconds };
}

/** Rows that other evaluators read. */
function rowsOf({ name, predicted }: Played): string[] {
  return [...predicted].map(([id, parent]) => `${JSON.stringify({ file: name, id, parent })}\n`);
}
