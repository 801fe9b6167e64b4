import type { Batch, Dialect } from "./dialect.ts";
import { type Mark, readText } from "./spoken.ts";

/** A frame with messages, read once for all who get the same bytes. */
export interface HeardFrame {
  bytes: Buffer;
  marks: Mark[];
  /** Seq of its last message; null where messages have no order. */
  last: number | null;
}

/**
 * What one gateway sends to the members of one room: the same frames to each, in the same order. The
 * first member to get a frame has it read and checked; all others only compare bytes.
 */
export class Sequence {
  readonly #dialect: Dialect;
  readonly frames: HeardFrame[] = [];
  messages = 0;
  readonly order = new OrderCheck();

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  /** The frame at a place, if these bytes are it; null otherwise. */
  matching(place: number, bytes: Buffer, start: number, end: number): HeardFrame | null {
    const frame = this.frames[place];
    if (frame === undefined || frame.bytes.length !== end - start) return null;
    return bytes.compare(frame.bytes, 0, frame.bytes.length, start, end) === 0 ? frame : null;
  }

  /** Appends a frame that nobody had before. */
  append(text: string): HeardFrame {
    const frame = readFrame(this.#dialect, text);
    this.order.take(frame.batch);
    this.messages += frame.marks.length;
    this.frames.push(frame);
    return frame;
  }

  /** Forgets the frames, not where the order stands. */
  clear(): void {
    this.frames.length = 0;
    this.messages = 0;
  }
}

/** Reads a frame with messages. */
export function readFrame(dialect: Dialect, text: string): HeardFrame & { batch: Batch } {
  const batch = dialect.readMessages(text);
  return {
    bytes: Buffer.from(text),
    marks: batch.texts.map(readText),
    last: batch.order?.seqs.at(-1) ?? null,
    batch,
  };
}

/** Counts what came out of order: gaps in a room's order, or one speaker's messages out of theirs. */
export class OrderCheck {
  #last: number | null = null;
  readonly #turns = new Map<number, number>();
  problems = 0;

  constructor(last: number | null = null) {
    this.#last = last;
  }

  take({ texts, order }: Batch): void {
    if (order !== null) this.#takeSeqs(order);
    for (const text of texts) {
      const { speaker, turn } = readText(text);
      const before = this.#turns.get(speaker);
      // From 0 in each load; the first that is heard of a speaker may be any.
      if (turn !== 0 && before !== undefined && turn !== before + 1) this.problems += 1;
      this.#turns.set(speaker, turn);
    }
  }

  #takeSeqs({ prev, seqs }: { prev: number; seqs: number[] }): void {
    let last = this.#last ?? prev;
    if (prev !== last) this.problems += 1;
    for (const seq of seqs) {
      if (seq !== last + 1) this.problems += 1;
      last = seq;
    }
    this.#last = last;
  }
}
