import type { Refusal } from "../../../protocol/errors.ts";

/** When commands may begin. */
export interface GateOptions {
  /** Commands that are carried out at the same time. */
  atOnce: number;
  /** Commands that may wait for their turn. */
  mostWaiting: number;
  /** What more are refused with. */
  tooMany: () => Refusal;
}

/** Who reads the answers. While they do not, no more may be answered; when that ends, `beginNext` has to be called. */
export interface AnswerReader {
  isReading: () => boolean;
}

/** For answers that are small, or somebody else's to hold back. */
export const whoAlwaysReads: AnswerReader = { isReading: () => true };

interface Waiting {
  begin: () => void;
  refuse: (refusal: Refusal) => void;
}

/**
 * Lets commands begin in the order in which they came, so many at once. Each answer may be a large page, so
 * those that are under way must be few, and none may begin for who does not read (G11).
 */
export class CommandGate {
  readonly #options: GateOptions;
  readonly #reader: AnswerReader;
  #underWay = 0;
  /** Null while nothing does, for there are many gates. */
  #waiting: Waiting[] | null = null;
  #closed: Refusal | null = null;

  constructor(options: GateOptions, reader: AnswerReader) {
    this.#options = options;
    this.#reader = reader;
  }

  /** Runs a command when its turn comes. Errors: what it says when too many wait, and those of the command. */
  run<T>(command: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const { mostWaiting, tooMany } = this.#options;
      const refusal =
        this.#closed ?? ((this.#waiting?.length ?? 0) >= mostWaiting ? tooMany() : null);
      if (refusal !== null) return reject(refusal);
      const begin = () => {
        this.#underWay += 1;
        command()
          .then(resolve, reject)
          .finally(() => {
            this.#underWay -= 1;
            this.beginNext();
          });
      };
      (this.#waiting ??= []).push({ begin, refuse: reject });
      this.beginNext();
    });
  }

  /** Begins what may begin now. */
  beginNext(): void {
    while (this.#waiting !== null && this.#reader.isReading()) {
      const next = this.#takeNext();
      if (next === undefined) return;
      next.begin();
    }
  }

  /** Looks anew at what waits: finding out whether they read may have begun some of it. */
  #takeNext(): Waiting | undefined {
    if (this.#waiting === null || this.#underWay >= this.#options.atOnce) return undefined;
    const next = this.#waiting.shift();
    if (this.#waiting.length === 0) this.#waiting = null;
    return next;
  }

  /** Refuses what waits, and all that comes from now on. */
  close(refusal: Refusal): void {
    this.#closed = refusal;
    const waiting = this.#waiting ?? [];
    this.#waiting = null;
    for (const { refuse } of waiting) refuse(refusal);
  }
}
