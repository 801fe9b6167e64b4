import type { CommandInput, CommandName, CommandOutput } from "../protocol/commands.ts";
import type { Refusal } from "../protocol/errors.ts";
import type { Fact, Push } from "../protocol/facts.ts";
import type { Cursor, RoomId, UserId } from "../protocol/ids.ts";
import type { Membership, Presence, ReadRanges, ReadState, Room } from "../protocol/shapes.ts";
import type { Listenable } from "./emitter.ts";
import type { Feed } from "./feed.ts";
import type { OutgoingMessage } from "./outgoing.ts";
import type { RoomView } from "./view-model.ts";

/** What a room tells. */
export interface RoomEvents {
  state: Feed["phase"];
  /** Facts in order, each exactly once. `live`: pushed just now, not caught up on. */
  facts: { facts: readonly Fact[]; live: boolean };
  /** Facts above `to` never happened: the hot log lost them. */
  reset: { to: number };
  /** Facts that were left out (`catchUp: "newest"`); `count` is -1 when not known. */
  skipped: { from: number; to: number; count: number };
  /** The view has changed. */
  view: RoomView;
  /** A message of mine has changed its state. */
  outgoing: OutgoingMessage;
  /** Everything up to here is committed. */
  stored: Cursor;
  presence: Presence;
  /** What I have read, here or on another device, and what is left; as of then. */
  read: ReadState;
  /** Who is typing. */
  typing: readonly UserId[];
  /** Over: kicked, banned, archived, removed, left, or refused. */
  closed: RoomClosed;
}

export interface RoomClosed {
  reason: Push<"room.closed">["reason"] | "left" | "refused";
  /** When a ban ends; null means never. */
  until?: string | null;
  refusal: Refusal;
}

/** How to enter. */
export interface EnterOptions {
  /** Carry on from here; the newest facts without. */
  since?: Cursor;
  /** `all` reads whatever was missed, `newest` skips to the last `limit` facts. Default: all. */
  catchUp?: "all" | "newest";
  /** Facts in one page, 1 to 500. Default: the server's. */
  limit?: number;
  /** Watch without being seen there. */
  lurk?: boolean;
  /** Facts that the view keeps, before older pages are asked for; 0 for no view. Default: 10,000. */
  maxViewFacts?: number;
}

/** Commands about one room. */
export type RoomCommandName = {
  [N in CommandName]: CommandInput<N> extends { room: string } ? N : never;
}[CommandName];

/** One room, kept up to date across any break until it is left or closed. */
export interface RoomHandle extends Listenable<RoomEvents> {
  /** The id or slug that it was entered by. */
  readonly ref: string;
  readonly state: Feed["phase"];
  /** Resolves when first live; rejects with a Refusal when closed before. */
  readonly entered: Promise<void>;
  /** As of the last `room:enter`; what changed since is in `view.changes`. Null before. */
  readonly room: Room | null;
  readonly id: RoomId | null;
  readonly me: Membership | null;
  /** How far facts were handed on. Keep it, to carry on in another session. */
  readonly cursor: Cursor | null;
  /** Up to where everything is known to be committed. */
  readonly stored: Cursor | null;
  readonly presence: Presence;
  readonly view: RoomView;
  /** My messages that are not known to be stored, in order, failed ones too. */
  readonly outgoing: readonly OutgoingMessage[];
  /**
   * Says something. Never throws: what becomes of it is told by the message that it returns, and
   * it is sent again until it is stored or refused for good.
   */
  send(text: string, options?: { replyTo?: number }): OutgoingMessage;
  /** Gives a command about this room. Throws a Refusal. */
  call<N extends RoomCommandName>(
    name: N,
    input: Omit<CommandInput<N>, "room">,
  ): Promise<CommandOutput<N>>;
  /**
   * I have read all up to a seq, or just some ranges. Answers what was not read before: `markUnread` with that
   * undoes it. Throws a Refusal.
   */
  markRead(what: number | ReadRanges): Promise<ReadRanges>;
  /** All from a seq on is unread again, or just some ranges; answers what `markRead` undoes it with. Throws a Refusal. */
  markUnread(what: number | ReadRanges): Promise<ReadRanges>;
  /** I am typing; told at most every 2 s. */
  typing(): void;
  /**
   * Reads the page before `before` (default: before the view's start) and puts it before the view
   * when it fits there. Throws a Refusal.
   */
  history(page?: { before?: number; limit?: number }): Promise<CommandOutput<"room:history">>;
  /** Leaves. What was not accepted yet fails. */
  leave(): void;
}
