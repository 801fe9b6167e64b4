import { type ConversationModel, decodeModel } from "../../../workers/conversations/model.ts";
import type { AnnotatedLog } from "../annotated-log.ts";
import { type Boosted, boost, BOOST, type BoostOptions } from "./boost.ts";
import { collectChoices } from "./collect-choices.ts";
import { countWords } from "./count-words.ts";
import { encodeModel, type Learnt } from "./encode-model.ts";
import { learnManners } from "./learn-manners.ts";
import { seededRandom } from "./random.ts";

/** Messages of a room that its language is known by before anyone speaks. */
const COUNTED_MESSAGES = 300;
/**
 * Parts into which logs are cut to read the manner of each by what the others taught: read by itself,
 * a log's manners would seem to tell more than they do.
 */
const PARTS = 4;
const NO_TREES: Boosted = { pairs: [], starts: [], pairCuts: [], startCuts: [] };

/** Learns a model from annotated logs; answers the file. The same logs make the same file. */
export function trainModel(
  logs: readonly AnnotatedLog[],
  {
    source,
    options = BOOST,
    onProgress,
  }: {
    source: { data: string; licence: string };
    options?: BoostOptions;
    onProgress: (line: string) => void;
  },
): Uint8Array {
  const said = logs.flatMap(({ lines }) => lines.filter((line) => line.annotated && !line.system));
  const learnt: Learnt = {
    source: { ...source, logs: logs.length, messages: said.length },
    wordCounts: countWords(logs, COUNTED_MESSAGES),
    countedMessages: COUNTED_MESSAGES,
    manners: learnManners(logs),
    boosted: NO_TREES,
  };
  const choices = collectChoices(logs, {
    modelFor: modelsWithout(logs, learnt),
    random: seededRandom(options.seed),
  });
  onProgress(`${choices.starts.length} messages, ${choices.pairs.length} candidates`);
  return encodeModel({ ...learnt, boosted: boost(choices, options, onProgress) });
}

/** For each log a model that knows how to read, but learnt no manner from that log. */
function modelsWithout(
  logs: readonly AnnotatedLog[],
  learnt: Learnt,
): (log: number) => ConversationModel {
  const parts = Array.from({ length: Math.min(PARTS, logs.length) }, (_, part) =>
    logs.filter((_log, i) => i % PARTS !== part),
  );
  const models = parts.map((others) => readerOf(learnt, others));
  return (log) => {
    const model = models[log % PARTS];
    if (model === undefined) throw new Error("a log has no part");
    return model;
  };
}

/** Errors: none of the logs is annotated. */
function readerOf(learnt: Learnt, logs: readonly AnnotatedLog[]): ConversationModel {
  return decodeModel(encodeModel({ ...learnt, manners: learnManners(logs) }));
}
