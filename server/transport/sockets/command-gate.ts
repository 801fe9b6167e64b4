import { Refusal } from "../../../protocol/errors.ts";

/** When the commands of one connection may begin. */
export interface GateOptions {
  /** Commands that are carried out at the same time. */
  atOnce: number;
  /** False while no more may be answered. When that ends, `beginNext` has to be called. */
  mayAnswer: () => boolean;
}

interface Waiting {
  begin: () => void;
  refuse: (refusal: Refusal) => void;
}

/** More than what a client sends at once after a break; who has more waiting does not read its answers. */
const MOST_WAITING = 500;

/**
 * Lets commands of one connection begin in the order in which they came, so many at once. Each answer may
 * be a large page, so those that are under way must be few, and none may begin for who does not read (G11).
 */
export class CommandGate {
  readonly #options: GateOptions;
  #underWay = 0;
  #waiting: Waiting[] = [];
  #closed: Refusal | null = null;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /** Runs a command when its turn comes. Errors: `rate_limited` when too many wait, and those of the command. */
  run<T>(command: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const refusal = this.#closed ?? (this.#waiting.length >= MOST_WAITING ? tooMany() : null);
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

function tooMany(): Refusal {
  return new Refusal("rate_limited", `More than ${MOST_WAITING} commands wait for their turn.`, {
    retryAfterMs: 1_000,
  });
}
