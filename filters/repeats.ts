import type { RoomId, UserId } from "../protocol/ids.ts";

/** What one person said in a room lately. */
interface Said {
  folded: string;
  atMs: number;
  /** A send that is repeated with the same id is the same send. */
  send: string;
}

/** So much of what someone said is remembered, and of so many people. */
const MOST_SAID = 50;
const MOST_PEOPLE = 50_000;

/**
 * Remembers what people said in rooms whose filter asks for it, in this process: who spreads a flood over
 * several gateways has as many times the measure.
 */
export class Repeats {
  readonly #said = new Map<string, Said[]>();

  /** How often someone said this within so many seconds before now, in other sends than this one. */
  count(
    where: { room: RoomId; user: UserId },
    what: { folded: string; send: string; seconds: number; now: number },
  ): number {
    const since = what.now - what.seconds * 1_000;
    return (this.#said.get(keyOf(where)) ?? []).filter(
      ({ folded, atMs, send }) => folded === what.folded && atMs > since && send !== what.send,
    ).length;
  }

  /** Notes what someone wants to say. */
  note(where: { room: RoomId; user: UserId }, said: Said): void {
    const key = keyOf(where);
    const known = (this.#said.get(key) ?? []).filter(({ send }) => send !== said.send);
    this.#said.delete(key);
    this.#said.set(key, [...known, said].slice(-MOST_SAID));
    const oldest = this.#said.keys().next().value;
    if (this.#said.size > MOST_PEOPLE && oldest !== undefined) this.#said.delete(oldest);
  }
}

function keyOf({ room, user }: { room: RoomId; user: UserId }): string {
  return `${room} ${user}`;
}
