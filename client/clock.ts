/** Time as the client sees it. Injected, so that simulations replay. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Runs `act` once, `delayMs` from now; what it returns calls that off. */
  after(delayMs: number, act: () => void): () => void;
}

/** What calls off a timer that was never set. */
export const noTimer = (): void => {};

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, act) {
    const timer = setTimeout(act, delayMs);
    return () => clearTimeout(timer);
  },
};
