import type { Refusal } from "../../../protocol/errors.ts";

/** When the commands of one connection may begin. */
export interface GateOptions {
  /** Commands that are carried out at the same time. */
  atOnce: number;
  /** False while no more may be answered. When that ends, `beginNext` has to be called. */
  mayAnswer: () => boolean;
  /** Commands that may wait for their turn. */
  mostWaiting: number;
  /** What more are refused with. */
  tooMany: () => Refusal;
}

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
  #underWay = 0;
  #waiting: Waiting[] = [];
  #closed: Refusal | null = null;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /** Runs a command when its turn comes. Errors: what it says when too many wait, and those of the command. */
  run<T>(command: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const { mostWaiting, tooMany } = this.#options;
      const refusal = this.#closed ?? (this.#waiting.length >= mostWaiting ? tooMany() : null);
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
      this.#waiting.push({ begin, refuse: reject });
      this.beginNext();
    });
  }

  /** Begins what may begin now. */
  beginNext(): void {
    const { atOnce, mayAnswer } = this.#options;
    while (this.#waiting.length > 0 && this.#underWay < atOnce && mayAnswer()) {
      this.#waiting.shift()?.begin();
    }
  }

  /** Refuses what waits, and all that comes from now on. */
  close(refusal: Refusal): void {
    this.#closed = refusal;
    for (const { refuse } of this.#waiting.splice(0)) refuse(refusal);
  }
}
