import { computed, signal, type ReadonlySignal, type Signal } from "@preact/signals";

import type { RoomHandle } from "../../client/index.ts";

/** How far someone has read, and where what is new to them begins. */
export interface Reading {
  /** Whether the newest message is in sight. The list says so. */
  readonly atBottom: Signal<boolean>;
  /** The line "new" stands after this seq; null when there is none. */
  readonly lineAfter: ReadonlySignal<number | null>;
  /** Messages that came while one was away, as the server counts them at entering. */
  readonly unreadAtEntry: ReadonlySignal<number>;
  /** Everything up to here was seen. */
  readonly readSeq: ReadonlySignal<number>;
  /** What was missed is read, or not of interest: takes the line away. */
  dismissLine(): void;
  stop(): void;
}

/**
 * Follows what one person reads in one room.
 *
 * Someone reads when the newest message is in sight of a page that they look at. What comes while
 * they do not, or while they were cut off, is new to them: the line is put before the first of it
 * and stays there while they read, so that it does not move under their eyes.
 */
export function trackReading(handle: RoomHandle, userId: string): Reading {
  const atBottom = signal(true);
  const lineAfter = signal<number | null>(null);
  const readSeq = signal(0);
  const unreadAtEntry = signal(0);
  const looking = signal(isLooking());
  const attends = computed(() => atBottom.value && looking.value);
  let begun = false;
  let told = 0;
  let telling: ReturnType<typeof setTimeout> | undefined;

  const begin = () => {
    if (begun || handle.me === null || handle.cursor === null) return;
    begun = true;
    const { lastReadSeq, unread } = handle.me;
    // To a newcomer everything is new: a line above it all would say nothing.
    const isNewcomer = lastReadSeq === 0;
    readSeq.value = isNewcomer ? handle.cursor.seq : lastReadSeq;
    told = lastReadSeq;
    unreadAtEntry.value = isNewcomer ? 0 : unread;
    if (!isNewcomer) markNew();
    readOn();
  };

  const markNew = () => {
    const isNew = handle.view.messages.some(
      ({ seq, by }) => seq > readSeq.value && by.id !== userId,
    );
    if (isNew && readSeq.value > (lineAfter.value ?? -1)) lineAfter.value = readSeq.value;
  };

  const readOn = () => {
    if (!begun || !attends.value) return;
    readSeq.value = Math.max(readSeq.value, handle.view.head);
    telling ??= setTimeout(tell, TELL_EVERY_MS);
  };

  const tell = () => {
    clearTimeout(telling);
    telling = undefined;
    const seq = readSeq.value;
    if (seq <= told || handle.state !== "live") return;
    told = seq;
    handle.call("room:read", { seq }).catch(() => {
      // Told again with the next message: the marker is a convenience, nothing hangs on it.
      told = Math.min(told, seq - 1);
    });
  };

  const look = () => {
    looking.value = isLooking();
    if (document.visibilityState === "hidden") tell();
  };
  const page = new AbortController();
  for (const name of ["focus", "blur"]) addEventListener(name, look, page);
  document.addEventListener("visibilitychange", look, page);
  // Who leaves has read until now, and may be gone in an instant.
  addEventListener("pagehide", tell, page);

  const offs = [
    handle.on("state", (state) => {
      if (state !== "live") return;
      begin();
      readOn();
    }),
    handle.on("facts", ({ live }) => {
      if (!begun) return;
      if (!live || !attends.value) markNew();
      if (live) readOn();
    }),
    attends.subscribe(readOn),
  ];
  begin();

  return {
    atBottom,
    lineAfter,
    readSeq,
    unreadAtEntry,
    dismissLine() {
      lineAfter.value = null;
    },
    stop() {
      tell();
      page.abort();
      for (const off of offs) off();
    },
  };
}

function isLooking(): boolean {
  return document.visibilityState === "visible" && document.hasFocus();
}

/** A busy room with thousands of readers must not become thousands of markers a second. */
const TELL_EVERY_MS = 5_000;
