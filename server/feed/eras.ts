import type { Era } from "../../db/seed-room.ts";

/**
 * The epochs of one room, read once for each epoch that the log is in: they do not change after it
 * was begun, and after a loss everyone comes back with a cursor of the one before.
 */
export class Eras {
  readonly #read: () => Promise<Era[]>;
  #known: { epoch: number; eras: Promise<Era[]> } | null = null;

  constructor(read: () => Promise<Era[]>) {
    this.#read = read;
  }

  /** All epochs, as of the one that the log is in. */
  async upTo(epoch: number): Promise<Era[]> {
    if (this.#known?.epoch !== epoch) {
      const known = { epoch, eras: this.#read() };
      this.#known = known;
      known.eras.catch(() => {
        if (this.#known === known) this.#known = null;
      });
    }
    return this.#known.eras;
  }
}

/**
 * The last seq of an epoch that still stands: facts above it were lost with that epoch. Infinity when
 * no later one is known.
 */
export function endOfEpoch(eras: readonly Era[], epoch: number): number {
  return Math.min(
    ...eras.filter((era) => era.epoch > epoch).map(({ previousEnd }) => previousEnd),
    Infinity,
  );
}

/** Facts between two positions: seqs that were skipped by a new epoch do not count. */
export function countFacts(
  eras: readonly Era[],
  { after, upTo }: { after: number; upTo: number },
): number {
  let count = 0;
  let at = after;
  // What epochs skipped may overlap: one whose planner died is planned over from an earlier end.
  for (const { previousEnd, base } of eras.toSorted((a, b) => a.previousEnd - b.previousEnd)) {
    if (base <= previousEnd) continue;
    count += Math.max(0, Math.min(previousEnd, upTo) - at);
    at = Math.max(at, Math.min(base, upTo));
  }
  return count + Math.max(0, upTo - at);
}
