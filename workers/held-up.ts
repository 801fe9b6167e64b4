import type { RoomId } from "../protocol/ids.ts";

const FIRST_REST_MS = 1_000;
const LONGEST_REST_MS = 60_000;

/**
 * Rooms that cannot be stored for a reason that is not their facts' (see `isStatementError`). They are
 * tried again ever more slowly, and meanwhile left out, so that the others are stored together.
 */
export class HeldUp {
  readonly #rests = new Map<RoomId, { until: number; restMs: number }>();

  /** Whether a room's turn has not come again. */
  isResting(room: RoomId, now: number): boolean {
    return (this.#rests.get(room)?.until ?? 0) > now;
  }

  /** Lets a room rest; answers for how long (ms). */
  rest(room: RoomId, now: number): number {
    const before = this.#rests.get(room)?.restMs ?? FIRST_REST_MS / 2;
    const restMs = Math.min(before * 2, LONGEST_REST_MS);
    this.#rests.set(room, { until: now + restMs, restMs });
    return restMs;
  }

  /** A room was stored. */
  forget(room: RoomId): void {
    this.#rests.delete(room);
  }
}
