import { Refusal } from "../../../protocol/errors.ts";
import { CommandGate, whoAlwaysReads } from "./command-gate.ts";

/** What an admission goes by. */
export interface AdmissionOptions {
  /** Enterings that are carried out at the same time. */
  atOnce: number;
  /** Enterings that may wait for their turn. */
  mostWaiting: number;
  /** Milliseconds. */
  now: () => number;
  random: () => number;
}

/** What an entering takes before any was seen (ms). */
const TYPICAL_MS = 100;
/** How much of what was measured last goes into what is expected next. */
const RECENT = 0.05;
/** Nobody is told to stay away for longer. */
const LONGEST_HINT_MS = 30_000;

/**
 * Lets people into rooms so many at a time, for the whole process: a page takes memory from its read to
 * its last byte, and when a gateway dies, everyone comes at once. Others wait in line, which costs next
 * to nothing. Who would make the line too long is told when to come back: as soon as all before them are
 * likely to be in, and each a little later than the one refused before, so that they do not come together.
 */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #gate: CommandGate;
  #waiting = 0;
  /** What one entering takes, of late (ms). */
  #entryMs = TYPICAL_MS;
  /** When the turn of the one refused last would come (ms). */
  #lastTurn = -Infinity;

  constructor(options: AdmissionOptions) {
    const { atOnce, mostWaiting } = options;
    this.#options = options;
    const tooMany = () => this.#comeLater();
    this.#gate = new CommandGate({ atOnce, mostWaiting, tooMany }, whoAlwaysReads);
  }

  /** Enters somebody when their turn comes. Errors: `rate_limited` when the line is too long. */
  async enter<T>(entering: () => Promise<T>): Promise<T> {
    this.#waiting += 1;
    try {
      return await this.#gate.run(async () => {
        const startedAt = this.#options.now();
        try {
          return await entering();
        } finally {
          this.#entryMs += RECENT * (this.#options.now() - startedAt - this.#entryMs);
        }
      });
    } finally {
      this.#waiting -= 1;
    }
  }

  /** Refuses those who wait, and all who come from now on. */
  close(refusal: Refusal): void {
    this.#gate.close(refusal);
  }

  #comeLater(): Refusal {
    const { atOnce, now, random } = this.#options;
    const nowMs = now();
    const turnMs = this.#entryMs / atOnce;
    this.#lastTurn = Math.max(nowMs + this.#waiting * turnMs, this.#lastTurn + turnMs);
    const inMs = Math.min(LONGEST_HINT_MS, this.#lastTurn - nowMs);
    return new Refusal("rate_limited", "Too many enter at once; come back in a moment.", {
      retryAfterMs: Math.ceil(inMs * (1 + random() / 2)),
    });
  }
}
