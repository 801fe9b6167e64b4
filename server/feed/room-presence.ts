import type { Push } from "../../protocol/facts.ts";
import type { RoomId, UserId } from "../../protocol/ids.ts";
import { MAX_PRESENCE_SAMPLE } from "../../protocol/limits.ts";
import type { User } from "../../protocol/shapes.ts";

/** Someone who came, as a presence shows them. */
export type Face = Pick<User, "id" | "name" | "kind">;

/**
 * Who of one room is on this gateway, and what has changed since it was last told.
 * A person counts once, however many of their tabs are open.
 */
export class RoomPresence {
  readonly #here = new Map<UserId, number>();
  readonly #joined = new Map<UserId, Face>();
  readonly #left = new Set<UserId>();
  readonly #typing = new Set<UserId>();

  /** Counts one more connection; true when they were not here before. */
  enter(user: UserId): boolean {
    const connections = this.#here.get(user) ?? 0;
    this.#here.set(user, connections + 1);
    return connections === 0;
  }

  /** Counts one connection less; true when it was their last. */
  leave(user: UserId): boolean {
    const connections = this.#here.get(user) ?? 0;
    if (connections > 1) {
      this.#here.set(user, connections - 1);
      return false;
    }
    return this.#here.delete(user);
  }

  /** Everyone who is here on this gateway. */
  get here(): UserId[] {
    return [...this.#here.keys()];
  }

  /** Notes that someone came, on any gateway. */
  noteJoined(face: Face): void {
    this.#left.delete(face.id);
    this.#joined.set(face.id, face);
  }

  /** Notes that someone went, on any gateway. */
  noteLeft(user: UserId): void {
    if (!this.#joined.delete(user)) this.#left.add(user);
  }

  noteTyping(user: UserId): void {
    this.#typing.add(user);
  }

  /** What to tell since the last time; null when nothing changed. */
  takeChanges(room: RoomId): Omit<Push<"room.presence">, "count"> | null {
    if (this.#joined.size === 0 && this.#left.size === 0) return null;
    const joined = [...this.#joined.values()].slice(0, MAX_PRESENCE_SAMPLE);
    const left = [...this.#left].slice(0, MAX_PRESENCE_SAMPLE);
    this.#joined.clear();
    this.#left.clear();
    return { room, joined, left };
  }

  /** Who typed since the last time; null when nobody did. */
  takeTyping(room: RoomId): Push<"room.typing"> | null {
    if (this.#typing.size === 0) return null;
    const users = [...this.#typing].slice(0, MAX_TYPING);
    this.#typing.clear();
    return { room, users };
  }
}

/** More names than this nobody reads. */
const MAX_TYPING = 5;
