import type { ConversationModel } from "./model.ts";
import { People } from "./people.ts";
import type { Said } from "./said.ts";
import { WORD_BUCKETS } from "./words.ts";

/** Messages that a room remembers. */
export const WINDOW = 256;
/** A word in a larger share of messages than this is common: of all messages, */
const COMMON_SHARE = 1 / 400;
/** or of those remembered, where a name may well be said a few times. */
const COMMON_HERE = 1 / 20;

/**
 * The last messages of a room with their places, and nothing else: what is remembered is bounded,
 * and can be made again from what is stored.
 */
export class RoomMemory {
  readonly model: ConversationModel;
  /** Oldest first. */
  readonly window: Said[] = [];
  readonly people = new People();
  readonly #counts = new Uint16Array(WORD_BUCKETS);
  /** Those of the window. */
  readonly bySeq = new Map<number, Said>();
  /** What each word weighs, as long as no count changes; NaN if it is to be worked out. */
  readonly #weights = new Float64Array(WORD_BUCKETS).fill(Number.NaN);

  constructor(model: ConversationModel) {
    this.model = model;
  }

  /** Remembers a message that has its place, and forgets the oldest. */
  keep(said: Said): void {
    const parent = said.parent === said.seq ? undefined : this.find(said.parent);
    if (parent !== undefined) {
      parent.replies += 1;
      parent.repliers.add(said.author.id);
    }
    this.window.push(said);
    this.bySeq.set(said.seq, said);
    this.people.add(said.author);
    this.#count(said, 1);
    if (this.window.length > WINDOW) this.#forgetOldest();
    // While it fills, every word weighs a little more with each message.
    else this.#weights.fill(Number.NaN);
  }

  #forgetOldest(): void {
    const oldest = this.window.shift();
    if (oldest === undefined) return;
    this.bySeq.delete(oldest.seq);
    this.people.drop(oldest.author);
    this.#count(oldest, -1);
  }

  #count(said: Said, by: number): void {
    for (const bucket of said.counted) {
      this.#counts[bucket] = (this.#counts[bucket] ?? 0) + by;
      this.#weights[bucket] = Number.NaN;
    }
  }

  find(seq: number): Said | undefined {
    return this.bySeq.get(seq);
  }

  /** Whether a word is of the language that is spoken here, and so hardly a name. */
  isCommon(bucket: number): boolean {
    const expected = (this.model.wordCounts[bucket] ?? 0) / this.model.countedMessages;
    const found = (this.#counts[bucket] ?? 0) / (this.window.length + 1);
    return expected > COMMON_SHARE || found > COMMON_HERE;
  }

  /** How much a word tells: more, the rarer it is. */
  weightOf(bucket: number): number {
    const known = this.#weights[bucket] ?? Number.NaN;
    if (!Number.isNaN(known)) return known;
    const weight = Math.log((this.#messages + 2) / (this.#expected(bucket) + 1));
    this.#weights[bucket] = weight;
    return weight;
  }

  /** The room's own count beside what is known of the language. */
  #expected(bucket: number): number {
    return (this.model.wordCounts[bucket] ?? 0) + (this.#counts[bucket] ?? 0);
  }

  get #messages(): number {
    return this.model.countedMessages + this.window.length;
  }
}
