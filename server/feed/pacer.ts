/** Runs a room's deliveries: at once while that is cheap, else so far apart that they stay affordable. */
export interface Pacer {
  /**
   * Runs `deliver` now (at the end of this turn) or at the room's next tick; one wait at a time. It
   * answers how many facts it delivered.
   */
  schedule: (deliver: () => number, receivers: number) => void;
}

export interface PacerPorts {
  /** Milliseconds, monotonic. */
  now: () => number;
  /** At the end of this turn of the event loop, together with what else arrived in it. */
  soon: (run: () => void) => void;
  after: (delayMs: number, run: () => void) => void;
}

/** What writing one frame to one socket takes: the system call, whatever the frame holds. */
const WRITE_MS = 0.006;
/** A room waits at least this many times as long as a delivery takes, so that it cannot fill the process. */
const REST = 2;
/** And as many times longer again for each fact of the last frame: the hotter a room, the more a longer wait saves. */
const REST_PER_FACT = 2;
/** Nobody waits longer than this for the sake of others. */
const LONGEST_MS = 25;
/** Shorter waits are not worth a timer. */
const SHORTEST_MS = 1;

/**
 * Paces one room. The write to each socket is the whole cost of a hot room, so facts that come close
 * together go out as one frame. The first after a pause leaves at once: a trailing tick would only cost
 * quiet rooms their speed.
 */
export function createPacer({ now, soon, after }: PacerPorts): Pacer {
  let restsUntil = 0;
  return {
    schedule: (deliver, receivers) => {
      const run = () => {
        const startedAt = now();
        const facts = deliver();
        const rest = receivers * WRITE_MS * (REST + REST_PER_FACT * facts);
        restsUntil = startedAt + Math.min(LONGEST_MS, rest);
      };
      const wait = restsUntil - now();
      if (wait < SHORTEST_MS) soon(run);
      else after(wait, run);
    },
  };
}
