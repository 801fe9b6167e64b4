import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { Virtualizer, type VirtualizerHandle } from "virtua";

import { counted } from "../parts/clock.ts";
import { Icon } from "../parts/icon.tsx";
import { leads } from "./acts.ts";
import type { Desk } from "./desk.ts";
import { keyOn } from "./message-keys.ts";
import type { OpenRoom } from "./open-room.ts";
import { RowView } from "./row-view.tsx";
import { rowsOf, type Row } from "./rows.ts";

/** What was said, oldest first. Only what is in sight is in the document, however long it is. */
export function MessageList(props: { room: OpenRoom; desk: Desk; unread: number }) {
  const { room, desk, unread } = props;
  const { reading } = room;
  const rows = useComputed(() =>
    rowsOf({
      view: room.view.value,
      outgoing: room.outgoing.value,
      myId: room.me.id,
      storedSeq: room.storedSeq.value,
      lineAfter: reading.lineAfter.value,
    }),
  );
  const scroller = useRef<HTMLDivElement>(null);
  const list = useRef<VirtualizerHandle>(null);
  const active = useSignal<string | null>(null);
  const flashed = useSignal<number | null>(null);
  // Follows the newest message, until someone scrolls up.
  const follows = useRef(true);
  const loading = useRef(false);
  const before = useRef({ start: room.view.value.start, line: reading.lineAfter.value });
  // Before it is known what was said, there is nothing to show: it would only move.
  const isKnown = room.room.value !== null;
  const shown = isKnown ? rows.value : NO_ROWS;
  const isSettled = useSignal(false);
  const { start } = room.view.value;
  const wasPrepended = start < before.current.start;
  const activeIndex = shown.findIndex(({ key }) => key === active.value);

  const toBottom = () => list.current?.scrollToIndex(rows.value.length - 1, { align: "end" });

  const settle = () => {
    const at = list.current;
    if (at === null) return;
    const distance = at.scrollSize - at.scrollOffset - at.viewportSize;
    follows.current = distance < NEAR_PX;
    reading.atBottom.value = follows.current;
    seeWhatIsShown();
    if (at.scrollOffset < AHEAD_PX) void readBack();
  };

  /** What lies between the first and the last message on the screen is read. */
  const seeWhatIsShown = () => {
    const at = list.current;
    if (at === null || at.viewportSize === 0) return;
    const first = at.findItemIndex(at.scrollOffset);
    const last = at.findItemIndex(at.scrollOffset + at.viewportSize - 1);
    const seqs = rows
      .peek()
      .slice(first, last + 1)
      .flatMap((row) => (row.kind === "message" ? row.message.seq : []));
    const [from, to] = [seqs[0], seqs.at(-1)];
    if (from !== undefined && to !== undefined) reading.see([from, to]);
  };

  const readBack = async () => {
    if (loading.current || room.view.value.start === 0 || room.state.value !== "live") return;
    loading.current = true;
    try {
      await room.handle.history({ limit: 200 });
    } catch {
      // Cut off: the next scroll asks again.
    } finally {
      loading.current = false;
    }
  };

  useLayoutEffect(() => {
    if (shown.length === 0) return;
    // Rows are measured as they are drawn first; until then they are not shown.
    if (!isSettled.value) requestAnimationFrame(() => (isSettled.value = true));
    const line = reading.lineAfter.value;
    const isNewLine = line !== null && line !== before.current.line;
    before.current = { start, line };
    const unreadAt = shown.findIndex(({ kind }) => kind === "unread");
    if (isNewLine && follows.current && unreadAt >= 0) {
      // Whoever comes back begins to read where they left off.
      list.current?.scrollToIndex(unreadAt, { align: "start", offset: -72 });
      requestAnimationFrame(settle);
    } else if (follows.current) {
      toBottom();
      // Where nothing scrolls, nobody else says so; and where it does, it has by then.
      requestAnimationFrame(() => requestAnimationFrame(seeWhatIsShown));
    }
  }, [shown]);

  useSignalEffect(() => {
    const goal = desk.goal.value;
    // Whoever comes by a link is here before what was said.
    if (goal === null || room.room.value === null || rows.value.length === 0) return;
    desk.goal.value = null;
    if (goal === "newest") {
      follows.current = true;
      toBottom();
      return;
    }
    const index = rows
      .peek()
      .findIndex((row) => row.kind === "message" && row.message.seq === goal.seq);
    if (index < 0) return;
    follows.current = false;
    flashed.value = goal.seq;
    setTimeout(() => (flashed.value = null), FLASH_MS);
    // After the rows that were read for it are laid out; scrolling that was under way says where it came to.
    const go = () => {
      follows.current = false;
      list.current?.scrollToIndex(index, { align: "center" });
    };
    requestAnimationFrame(() => {
      go();
      requestAnimationFrame(go);
    });
  });

  const focusRow = (index: number) => {
    const row = rows.peek()[index];
    if (row === undefined) return;
    active.value = row.key;
    list.current?.scrollToIndex(index, { align: "nearest" });
    requestAnimationFrame(() =>
      scroller.current
        ?.querySelector<HTMLElement>(`[data-key="${CSS.escape(row.key)}"]`)
        ?.focus({ preventScroll: true }),
    );
  };

  return (
    <div class="list-frame">
      <div
        ref={scroller}
        class={isSettled.value ? "list" : "list is-settling"}
        tabIndex={0}
        role="region"
        aria-label="Messages. The arrow keys go from one to the next, Enter opens what can be done with it."
        onKeyDown={(event) =>
          keyOn(event, {
            room,
            desk,
            rows: rows.peek(),
            // Keys may come faster than we draw.
            activeIndex: rows.peek().findIndex(({ key }) => key === active.peek()),
            focusRow,
          })
        }
        onFocusCapture={(event) => {
          const row = (event.target as HTMLElement).closest<HTMLElement>("[data-key]");
          if (row !== null) active.value = row.dataset["key"] ?? null;
        }}
      >
        <div class="list-slack" />
        <Virtualizer
          ref={list}
          data={shown}
          as="ol"
          item="li"
          bufferSize={600}
          shift={wasPrepended}
          keepMounted={activeIndex < 0 ? [] : [activeIndex]}
          onScroll={settle}
          onScrollEnd={settle}
          onResize={() => {
            if (follows.current) toBottom();
          }}
        >
          {(row: Row) => (
            <RowView
              key={row.key}
              row={row}
              room={room}
              desk={desk}
              isLeader={leads(room)}
              isFlashed={row.kind === "message" && row.message.seq === flashed.value}
            />
          )}
        </Virtualizer>
      </div>
      <ToNewest room={room} desk={desk} unread={unread} />
    </div>
  );
}

function ToNewest({ room, desk, unread }: { room: OpenRoom; desk: Desk; unread: number }) {
  if (room.reading.atBottom.value) return null;
  return (
    <button
      type="button"
      class={unread > 0 ? "to-newest is-warm" : "to-newest"}
      onClick={() => (desk.goal.value = "newest")}
    >
      <Icon name="down" size={17} />
      {unread > 0 ? counted(unread, "new message") : "To the newest"}
    </button>
  );
}

const NO_ROWS: readonly Row[] = [];
/** So near to the end counts as there. */
const NEAR_PX = 48;
/** So near to the start more is read. */
const AHEAD_PX = 900;
const FLASH_MS = 2_400;
