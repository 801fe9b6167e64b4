import type { ViewMessage } from "../../client/index.ts";
import { act, leads, togglePin } from "./acts.ts";
import type { Desk } from "./desk.ts";
import type { OpenRoom } from "./open-room.ts";
import type { Row } from "./rows.ts";

/** What the keys do in the list; single letters only on a message that has the focus. */
export function keyOn(
  event: KeyboardEvent,
  list: {
    room: OpenRoom;
    desk: Desk;
    rows: readonly Row[];
    activeIndex: number;
    focusRow: (index: number) => void;
  },
): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const { rows, activeIndex, focusRow, room, desk } = list;
  const isOnRow = (event.target as HTMLElement).matches("[data-key]");
  const move = (index: number) => {
    event.preventDefault();
    if (index >= 0) focusRow(index);
  };
  switch (event.key) {
    case "ArrowUp":
      return move(nextMessage(rows, activeIndex < 0 ? rows.length : activeIndex, -1));
    case "ArrowDown":
      return move(nextMessage(rows, activeIndex, 1));
    case "Home":
      return move(nextMessage(rows, -1, 1));
    case "End":
      desk.goal.value = "newest";
      return move(nextMessage(rows, rows.length, -1));
    case "Escape":
      room.reading.dismissLine();
      document.querySelector<HTMLElement>("#say")?.focus();
      return;
  }
  const row = rows[activeIndex];
  if (!isOnRow || row?.kind !== "message" || row.message.removed) return;
  const done = actOn(event, row.message, { room, desk });
  if (done) event.preventDefault();
}

function actOn(
  event: KeyboardEvent,
  message: ViewMessage,
  { room, desk }: { room: OpenRoom; desk: Desk },
): boolean {
  const isMine = message.by.id === room.me.id;
  switch (event.key) {
    case "Enter":
    case " ":
      desk.menu.value = { message, at: (event.target as HTMLElement).getBoundingClientRect() };
      return true;
    case "r":
      desk.reply(message);
      return true;
    case "e":
      if (isMine) desk.edit(message);
      return isMine;
    case "p":
      if (leads(room)) void act(desk, () => togglePin(room, message));
      return leads(room);
    case "Delete":
      if (isMine || leads(room)) desk.removing.value = message;
      return isMine || leads(room);
  }
  return false;
}

/** Index of the nearest message from `from` on, in a direction; -1 when there is none. */
function nextMessage(rows: readonly Row[], from: number, step: 1 | -1): number {
  for (let index = from + step; index >= 0 && index < rows.length; index += step) {
    const kind = rows[index]?.kind;
    if (kind === "message" || kind === "pending") return index;
  }
  return -1;
}
