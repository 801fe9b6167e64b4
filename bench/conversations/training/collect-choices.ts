import { P } from "../../../workers/conversations/feature-names.ts";
import type { ConversationModel } from "../../../workers/conversations/model.ts";
import { overlapOf } from "../../../workers/conversations/overlap.ts";
import { visitCandidates } from "../../../workers/conversations/pair-features.ts";
import { readSaid } from "../../../workers/conversations/read-said.ts";
import { RoomMemory } from "../../../workers/conversations/room-memory.ts";
import type { Said } from "../../../workers/conversations/said.ts";
import { readStart } from "../../../workers/conversations/start-features.ts";
import { surveyWindow } from "../../../workers/conversations/survey.ts";
import { type AnnotatedLog, goldParents, messageOf } from "../annotated-log.ts";

/** Choices that people made: for each message the start of a conversation, or one of the candidates. */
export interface Choices {
  starts: Float64Array[];
  isStart: boolean[];
  /** Candidates of all messages, and where those of each message begin. */
  pairs: Float64Array[];
  isParent: boolean[];
  /** Of how many candidates one speaks. */
  weights: number[];
  begins: number[];
}

/** Nearest candidates, all of which are kept. */
const NEAR = 16;
/** Of the others, those that have nothing to do with the author: one in so many speaks for the rest. */
const SAMPLED = 4;

/** Replays logs as rooms and takes down what was chosen from, with the true places of what was before. */
export function collectChoices(
  logs: readonly AnnotatedLog[],
  { modelFor, random }: { modelFor: (log: number) => ConversationModel; random: () => number },
): Choices {
  const choices: Choices = {
    starts: [],
    isStart: [],
    pairs: [],
    isParent: [],
    weights: [],
    begins: [0],
  };
  for (const [i, log] of logs.entries()) replay(log, { model: modelFor(i), random, choices });
  return choices;
}

function replay(
  log: AnnotatedLog,
  { model, random, choices }: { model: ConversationModel; random: () => number; choices: Choices },
): void {
  const memory = new RoomMemory(model);
  for (const line of log.lines) {
    if (line.system) continue;
    const said = readSaid(messageOf(line), memory);
    if (line.annotated) takeDown(memory, said, { gold: goldParents(line), random, choices });
    const parent = line.annotated
      ? Math.max(...answered(line.id, goldParents(line)))
      : guess(memory, said);
    const conversation = memory.find(parent)?.conversation;
    memory.keep(conversation === undefined ? said : { ...said, parent, conversation });
  }
}

function answered(id: number, gold: readonly number[]): number[] {
  const others = gold.filter((parent) => parent !== id);
  return others.length === 0 ? [id] : others;
}

/** What is not annotated is placed by rule: at whom it addresses, else where its author is in a talk. */
function guess({ window }: RoomMemory, said: Said): number {
  const me = said.author.id;
  const recent = window.slice(-60);
  const addressed = recent.findLast(({ author }) => (said.targets.get(author.id) ?? 0) > 1);
  const own = recent
    .slice(-30)
    .findLast(({ author, targets }) => author.id === me || targets.has(me));
  return (addressed ?? own ?? said).seq;
}

function takeDown(
  memory: RoomMemory,
  said: Said,
  { gold, random, choices }: { gold: number[]; random: () => number; choices: Choices },
): void {
  const survey = surveyWindow(memory, said);
  const overlap = overlapOf(memory, said);
  const isStart = gold.includes(said.seq);
  const pairs: { values: Float64Array; isParent: boolean; weight: number }[] = [];
  visitCandidates(memory, { survey, overlap }, (candidate, values) => {
    const isParent = gold.includes(candidate.seq);
    const isKept = isParent || matters(values);
    if (!isKept && random() * SAMPLED >= 1) return;
    pairs.push({ values: values.slice(), isParent, weight: isKept ? 1 : SAMPLED });
  });
  // What answers a message that is no candidate any more teaches nothing.
  if (!isStart && !pairs.some(({ isParent }) => isParent)) return;
  for (const { values, isParent, weight } of pairs) {
    choices.pairs.push(values);
    choices.isParent.push(isParent);
    choices.weights.push(weight);
  }
  choices.starts.push(readStart(survey, overlap));
  choices.isStart.push(isStart);
  choices.begins.push(choices.pairs.length);
}

function matters(values: Float64Array): boolean {
  const [rank = 0, same = 0, to = 0, from = 0, thread = 0] = [
    values[P.rank],
    values[P.sameAuthor],
    values[P.queryAddress],
    values[P.candidateAddress],
    values[P.ownThreadRank],
  ];
  return rank <= NEAR || same > 0 || to > 2 || from > 2 || thread < 3;
}
