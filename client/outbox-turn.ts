import type { Cursor } from "../protocol/ids.ts";
import type { Send } from "./send.ts";

/**
 * The sends of one room that are not yet known to be stored, oldest first (G3).
 *
 * ORDER. At most `window` sends are unanswered at a time; what has to go out again goes before
 * anything younger, and waits until nothing is under way.
 *
 * With a window of 1 (the default) no send is overtaken by a younger one, whatever the server
 * refuses and wherever the connection breaks: the younger one does not go out before the older one
 * is in the log or has failed. The one exception: what a lost hot log took goes out again behind
 * what was sent before the loss was announced.
 *
 * A wider window saves a round trip per message. But when the server refuses the first of two
 * under way for now, and accepts the second, their order is gone and no client can mend it. So it
 * is right only towards a server that holds back: one that, having told a connection `busy`,
 * `unavailable`, `rate_limited` or `slow_mode`, refuses that connection's later sends to the room
 * too, until one that it refused comes again.
 */
export interface Outbox {
  readonly entries: readonly Send[];
  readonly window: number;
  /** Entered on a live connection: sends may go out. */
  readonly open: boolean;
  /** Waiting out a retryable refusal. */
  readonly held: boolean;
  /** Retryable refusals in a row, for the backoff. */
  readonly refusals: number;
  /** The newest epoch heard of. What an older one accepted may be lost. */
  readonly epoch: number;
  /** Everything up to here is committed. A mark vouches for its own epoch only. */
  readonly mark: Cursor | null;
}

export type OutboxEffect =
  | { type: "changed"; send: Send }
  /** Send it: `message:send` with this clientId. */
  | { type: "send"; send: Send }
  /** Come back with `holdOver` after a backoff, or the server's hint. */
  | { type: "hold"; failures: number; hintMs?: number };

/** One step of an outbox in progress. */
export interface Turn {
  outbox: Outbox;
  effects: OutboxEffect[];
}

/** Changes fields of the outbox. */
export function set(turn: Turn, change: Partial<Outbox>): void {
  turn.outbox = { ...turn.outbox, ...change };
}

/** Replaces one entry, if it is there. */
export function reviseOne(turn: Turn, clientId: string, change: (send: Send) => Send): void {
  revise(turn, (send) => (send.clientId === clientId ? change(send) : send));
}

/** Replaces entries, tells of the changed ones, and lets go of those that are stored. */
export function revise(turn: Turn, change: (send: Send) => Send): void {
  let changed = false;
  const entries: Send[] = [];
  for (const send of turn.outbox.entries) {
    const next = change(send);
    if (next !== send) {
      changed = true;
      turn.effects.push({ type: "changed", send: next });
    }
    if (next.state !== "stored") entries.push(next);
  }
  if (changed) set(turn, { entries });
}
