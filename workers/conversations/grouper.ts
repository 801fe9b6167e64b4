import { bestOf, scoreOf } from "./forest.ts";
import type { Message, Placement } from "./message.ts";
import type { ConversationModel } from "./model.ts";
import { overlapOf } from "./overlap.ts";
import { visitCandidates } from "./pair-features.ts";
import { readSaid } from "./read-said.ts";
import { RoomMemory, WINDOW } from "./room-memory.ts";
import type { Said } from "./said.ts";
import { readStart } from "./start-features.ts";
import { surveyWindow } from "./survey.ts";

/**
 * Placed messages from which a grouper resumes as if it had never stopped: a window to judge by, and
 * one before it by which the names in its messages were read.
 */
export const RESUME_MESSAGES = 2 * WINDOW;

/**
 * Groups the messages of one room into conversations, each as it comes, by those before it. The same
 * messages always get the same places.
 */
export class RoomGrouper {
  readonly #memory: RoomMemory;

  constructor(model: ConversationModel) {
    this.#memory = new RoomMemory(model);
  }

  /** Places the next message: at what it says that it answers, or where the model sees it. */
  place(message: Message): Placement {
    const said = readSaid(message, this.#memory);
    const { replyTo } = message;
    const parent = replyTo?.seq ?? bestParent(this.#memory, said);
    const conversation = this.#memory.find(parent)?.conversation ?? replyTo?.conversation;
    return this.#keep(said, { parent, conversation: conversation ?? parent });
  }

  /** Takes up a message that has its place already. */
  resume(message: Message, placement: Placement): void {
    this.#keep(readSaid(message, this.#memory), placement);
  }

  #keep(said: Said, placement: Placement): Placement {
    this.#memory.keep({ ...said, ...placement });
    return placement;
  }
}

function bestParent(memory: RoomMemory, query: Said): number {
  const survey = surveyWindow(memory, query);
  const overlap = overlapOf(memory, query);
  const { pairs, starts } = memory.model;
  const candidates: Said[] = [];
  const rows: Float64Array[] = [];
  visitCandidates(memory, { survey, overlap }, (candidate, values) => {
    candidates.push(candidate);
    rows.push(values);
  });
  const best = bestOf(pairs, rows, scoreOf(starts, readStart(survey, overlap)));
  return (candidates[best] ?? query).seq;
}
