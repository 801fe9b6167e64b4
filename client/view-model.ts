import type { Fact } from "../protocol/facts.ts";
import type { Author, Raid, Role, RoomChanges } from "../protocol/shapes.ts";

/** A message as it is now. */
export interface ViewMessage {
  readonly seq: number;
  readonly by: Author;
  readonly at: string;
  readonly clientId: string;
  /** Absent when removed, and when the server has to be asked for it (see `doubtful`). */
  readonly text?: string;
  readonly replyTo?: number;
  readonly mentions: readonly string[];
  readonly editedAt?: string;
  /** Seq of its last edit in the view. */
  readonly editedIn?: number;
  /** Where people moved it, by the seq of the message that began that conversation. */
  readonly conversation?: string;
  readonly removed: boolean;
  /** The removal, once its fact is in the view. */
  readonly removal?: Removal;
  /** In the order of their first use. */
  readonly reactions: readonly Reaction[];
}

export interface Removal {
  readonly seq: number;
  readonly by: Author;
  readonly at: string;
  readonly reason?: string;
  /** Taken by a clean-up: it comes back when that is undone. */
  readonly bulk: boolean;
}

export interface Reaction {
  readonly emoji: string;
  /** Who; the count is its length. */
  readonly by: readonly string[];
}

/** A sanction that was laid on someone. Whether `until` has passed is for the reader to see. */
export interface Standing {
  readonly seq: number;
  readonly by: Author;
  readonly at: string;
  readonly until: string | null;
  readonly reason: string;
}

/**
 * What a room shows, folded from the facts of `(start, head]`.
 *
 * A view may begin anywhere: what acts on a message at or below `start` has no effect yet, and
 * takes effect when older facts are prepended. So, for every way to cut a log into pages,
 * prepending the older to the newer gives the view of the whole.
 *
 * Nothing here is ever changed: each function returns a new view that shares what it can.
 *
 * Memory: a view keeps its facts, because the undoing of a reset and of a clean-up needs them:
 * about half a kilobyte a fact. `trimView` is the bound.
 */
export interface RoomView {
  /** Position before the first fact. */
  readonly start: number;
  /** Seq of the last fact. */
  readonly head: number;
  /** In order of seq. */
  readonly messages: readonly ViewMessage[];
  /** Pinned messages, in the order of pinning; also those older than the view. */
  readonly pins: readonly number[];
  /** What the facts changed of the room. */
  readonly changes: Readonly<RoomChanges & { archivedAt?: string; raid?: Raid | null }>;
  readonly roles: Readonly<Record<string, Role>>;
  readonly mutes: Readonly<Record<string, Standing>>;
  readonly bans: Readonly<Record<string, Standing>>;
  /** The last kick of each person. */
  readonly kicks: Readonly<Record<string, Standing>>;
  /** The facts themselves. They may hold text that was taken back since: never show from here. */
  readonly journal: readonly Fact[];
  /** Messages whose text a reset put in doubt. Ask `doubtful`. */
  readonly doubted: readonly number[];
}
