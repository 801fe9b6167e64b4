import { computed, signal, type ReadonlySignal, type Signal } from "@preact/signals";

import type { ReadRanges, RoomHandle } from "../../client/index.ts";
import { addRange, type Range } from "./seen.ts";

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
  /** What was marked as unread last, to take it back; null when nothing was. */
  readonly markedUnread: ReadonlySignal<ReadRanges | null>;
  /** These messages are on the screen. */
  see(range: Range): void;
  /** What was missed is read, or not of interest: takes the line away. */
  dismissLine(): void;
  /** All of it counts as read. Throws a Refusal. */
  readAll(): Promise<void>;
  /** A message and all after it count as unread; what is on the screen stays so until one comes back. Throws a Refusal. */
  markUnread(seq: number): Promise<void>;
  /** Takes that back. Throws a Refusal. */
  undoUnread(): Promise<void>;
  stop(): void;
}

/**
 * Follows what one person reads in one room.
 *
 * They have read what was on the screen of a page that they looked at; what they skip stays unread. What
 * comes while the newest message is not in sight, or while they were cut off, is new to them: the line is put
 * before the first of it and stays there while they read, so that it does not move under their eyes.
 */
export function trackReading(handle: RoomHandle, userId: string): Reading {
  const atBottom = signal(true);
  const lineAfter = signal<number | null>(null);
  const readSeq = signal(0);
  const unreadAtEntry = signal(0);
  const looking = signal(isLooking());
  const attends = computed(() => atBottom.value && looking.value);
  const markedUnread = signal<ReadRanges | null>(null);
  let begun = false;
  /** On the screen now, and what was there and is not told yet. */
  let onScreen: Range | null = null;
  let seen: readonly Range[] = [];
  /** From here on nothing is read just because it is on the screen. */
  let heldFrom = Infinity;
  let telling: ReturnType<typeof setTimeout> | undefined;

  const begin = () => {
    if (begun || handle.me === null || handle.cursor === null) return;
    begun = true;
    const { lastReadSeq, unread, firstUnread } = handle.me;
    // To a newcomer everything is new: a line above it all would say nothing.
    const isNewcomer = lastReadSeq === 0;
    readSeq.value = isNewcomer ? handle.cursor.seq : lastReadSeq;
    unreadAtEntry.value = isNewcomer ? 0 : unread;
    if (isNewcomer) seen = addRange(seen, [1, handle.cursor.seq]);
    else if (firstUnread !== null) lineAfter.value = firstUnread - 1;
    readOn();
    look();
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
  };

  const note = () => {
    if (!begun || !looking.value || onScreen === null) return;
    const [from, to] = onScreen;
    const known = seen;
    seen = addRange(seen, [from, Math.min(to, heldFrom - 1)]);
    if (seen !== known) telling ??= setTimeout(tell, TELL_EVERY_MS);
  };

  const tell = () => {
    clearTimeout(telling);
    telling = undefined;
    if (seen.length === 0 || handle.state !== "live") return;
    const ranges = seen.slice(0, MOST_RANGES).map(([from, to]): [number, number] => [from, to]);
    seen = seen.slice(MOST_RANGES);
    handle.markRead(ranges).catch(() => {
      // Told again with what is seen next.
      for (const range of ranges) seen = addRange(seen, range);
    });
  };

  const look = () => {
    looking.value = isLooking();
    note();
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
    // Read on another device.
    handle.on("read", ({ lastReadSeq }) => {
      if (begun) readSeq.value = Math.max(readSeq.value, lastReadSeq);
    }),
    attends.subscribe(readOn),
  ];
  begin();

  return {
    atBottom,
    lineAfter,
    readSeq,
    unreadAtEntry,
    markedUnread,
    see(range) {
      onScreen = range;
      note();
    },
    dismissLine() {
      lineAfter.value = null;
    },
    async readAll() {
      heldFrom = Infinity;
      markedUnread.value = null;
      lineAfter.value = null;
      await handle.markRead(handle.view.head);
    },
    async markUnread(seq) {
      heldFrom = Math.min(heldFrom, seq);
      seen = seen.flatMap(([from, to]): Range[] =>
        from < seq ? [[from, Math.min(to, seq - 1)]] : [],
      );
      markedUnread.value = await handle.markUnread(seq);
      lineAfter.value = seq - 1;
    },
    async undoUnread() {
      const ranges = markedUnread.value;
      if (ranges === null) return;
      heldFrom = Infinity;
      markedUnread.value = null;
      lineAfter.value = null;
      if (ranges.length > 0) await handle.markRead(ranges);
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
/** Ranges that are told at once. */
const MOST_RANGES = 100;
