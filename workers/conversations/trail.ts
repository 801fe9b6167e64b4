import type { Said } from "./said.ts";

/** What one speaker said between a candidate and the new message. */
export interface Later {
  messages: number;
  questions: number;
  longest: number;
  bestCosine: number;
  mostAnswered: number;
  /** Messages that address the author of the new one, and messages of others that address the speaker. */
  toOwn: number;
  addressed: number;
  nearestRank: number;
  byThread: Map<number, number>;
}

const NOTHING: Readonly<Later> = {
  messages: 0,
  questions: 0,
  longest: 0,
  bestCosine: 0,
  mostAnswered: -9,
  toOwn: 0,
  addressed: 0,
  nearestRank: 0,
  byThread: new Map(),
};

/** What was said after a candidate. Grows as one goes back through the window. */
export class Trail {
  readonly #query: Said;
  readonly #later = new Map<string, Later>();
  readonly #threads = new Map<number, number>();
  toOwn = 0;
  ofTargets = 0;
  /** Messages of the author to those whom the new message addresses. */
  ownToTargets = 0;
  speakers = 0;

  constructor(query: Said) {
    this.#query = query;
  }

  /** What a speaker said so far; all zero before that. */
  of(speaker: string): Readonly<Later> {
    return this.#later.get(speaker) ?? NOTHING;
  }

  inThread(conversation: number): number {
    return this.#threads.get(conversation) ?? 0;
  }

  /** Goes past a message, to the one before it. */
  pass(said: Said, rank: number, cosine: number): void {
    const { author, targets, conversation, question, length } = said;
    const query = this.#query;
    const later = this.#entry(author.id);
    if (later.messages === 0) this.speakers += 1;
    later.messages += 1;
    if (question > 0) later.questions += 1;
    later.longest = Math.max(later.longest, length);
    later.bestCosine = Math.max(later.bestCosine, cosine);
    later.mostAnswered = Math.max(later.mostAnswered, said.manners.isAnswered);
    later.nearestRank = rank;
    later.byThread.set(conversation, (later.byThread.get(conversation) ?? 0) + 1);
    this.#threads.set(conversation, (this.#threads.get(conversation) ?? 0) + 1);
    for (const id of targets.keys()) this.#entry(id).addressed += 1;
    if (targets.has(query.author.id)) {
      later.toOwn += 1;
      this.toOwn += 1;
    }
    if (query.targets.has(author.id)) this.ofTargets += 1;
    const isOwn = author.id === query.author.id;
    if (isOwn && [...query.targets.keys()].some((id) => targets.has(id))) this.ownToTargets += 1;
  }

  #entry(speaker: string): Later {
    let later = this.#later.get(speaker);
    if (later === undefined) {
      later = { ...NOTHING, byThread: new Map() };
      this.#later.set(speaker, later);
    }
    return later;
  }
}
