import { signal, type Signal } from "@preact/signals";

import type { Member, ViewMessage } from "../../client/index.ts";
import type { OpenRoom } from "./open-room.ts";

/** What those who lead a room can look at. */
export type ModerationPart = "queue" | "clean-up" | "filter" | "audit";

/** What someone is about to do in a room: what they reply to, change, look at. */
export interface Desk {
  readonly replyTo: Signal<ViewMessage | null>;
  readonly editing: Signal<ViewMessage | null>;
  /** The field that one writes into. */
  readonly field: { current: HTMLTextAreaElement | null };
  /** Begins a reply; what is typed next is already a part of it. */
  reply(message: ViewMessage): void;
  /** Begins to change what one said. */
  edit(message: ViewMessage): void;
  readonly menu: Signal<{ message: ViewMessage; at: DOMRect | null } | null>;
  readonly removing: Signal<ViewMessage | null>;
  readonly reporting: Signal<ViewMessage | null>;
  /** Whose card is open. */
  readonly person: Signal<string | null>;
  /** Those who have been here, as far as they were read. */
  readonly members: Signal<readonly Member[]>;
  readonly peopleShown: Signal<boolean>;
  readonly pinsShown: Signal<boolean>;
  readonly settingsShown: Signal<boolean>;
  readonly shareShown: Signal<boolean>;
  /** What of moderation is open, and what it begins with; null when it is closed. */
  readonly moderation: Signal<{ part: ModerationPart; author?: string; from?: number } | null>;
  /** What happened after this seq is shown; null when it is not. */
  readonly digestSince: Signal<number | null>;
  /** Who is to be named in what is being written. */
  readonly mention: Signal<string | null>;
  /** Where the list is asked to go: a message, or the newest. */
  readonly goal: Signal<{ seq: number } | "newest" | null>;
  /** What came of something that one reported, said or asked for; "" when it is put away. */
  readonly told: Signal<string>;
  /** What went wrong with the last act, for a few seconds. */
  readonly problem: Signal<string>;
  /** Goes to a message, reading back as far as it takes. */
  goTo(seq: number): Promise<void>;
  /** Goes to the first message after a seq. */
  goToFirstAfter(seq: number): Promise<void>;
}

/** A tidy desk. */
export function newDesk({ handle }: Pick<OpenRoom, "handle">): Desk {
  const goal: Desk["goal"] = signal(null);
  const replyTo: Desk["replyTo"] = signal(null);
  const editing: Desk["editing"] = signal(null);
  const field: Desk["field"] = { current: null };
  return {
    replyTo,
    editing,
    field,
    // The focus moves at once, not with the next frame: people type faster.
    reply(message) {
      replyTo.value = message;
      field.current?.focus();
    },
    edit(message) {
      editing.value = message;
      field.current?.focus();
    },
    menu: signal(null),
    removing: signal(null),
    reporting: signal(null),
    person: signal(null),
    members: signal([]),
    peopleShown: signal(matchMedia("(min-width: 1080px)").matches),
    pinsShown: signal(false),
    settingsShown: signal(false),
    shareShown: signal(false),
    moderation: signal(null),
    digestSince: signal(null),
    mention: signal(null),
    goal,
    told: signal(""),
    problem: signal(""),
    async goTo(seq) {
      await readBackTo(handle, seq);
      goal.value = { seq };
    },
    async goToFirstAfter(seq) {
      await readBackTo(handle, seq + 1);
      const first = handle.view.messages.find((message) => message.seq > seq);
      if (first !== undefined) goal.value = { seq: first.seq };
    },
  };
}

/** Reads back until the fact of a seq is there. */
async function readBackTo(handle: OpenRoom["handle"], seq: number): Promise<void> {
  for (let pages = 0; handle.view.start >= seq && pages < MOST_PAGES; pages += 1) {
    const { start } = handle.view;
    await handle.history({ limit: 500 });
    if (handle.view.start >= start) return;
  }
}

/** Reading back further than this takes longer than anyone waits. */
const MOST_PAGES = 60;
