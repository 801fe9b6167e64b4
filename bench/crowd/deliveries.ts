import type { HeardFrame } from "./sequence.ts";

/** Samples that are enough for a p99, and few enough to cost nothing. */
const SAMPLES = 20_000;
const PRIMES = [2, 7, 31, 101, 307, 997];

/**
 * Counts what is delivered and samples how late it is. The stride between two samples is a prime: one
 * that goes into the size of a room or of a batch would always look at the same member.
 */
export class Deliveries {
  count = 0;
  readonly latenciesMs: number[] = [];
  readonly #stride: number;
  readonly #fromMs: number;
  #next = 0;

  /** Messages due before `fromMs` are counted, not sampled. */
  constructor(options: { expected: number; fromMs: number }) {
    this.#stride = PRIMES.findLast((prime) => options.expected / prime >= SAMPLES) ?? 1;
    this.#fromMs = options.fromMs;
  }

  take({ marks }: HeardFrame): void {
    const before = this.count;
    this.count += marks.length;
    while (this.#next < this.count) {
      const { scheduledMs } = marks[this.#next - before] ?? { scheduledMs: 0 };
      if (scheduledMs >= this.#fromMs) this.latenciesMs.push(performance.now() - scheduledMs);
      this.#next += this.#stride;
    }
  }
}
