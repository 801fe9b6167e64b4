import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";

import type { ViewMessage } from "../../client/index.ts";
import { roomPath } from "../navigation/route.ts";
import { Icon, type IconName } from "../parts/icon.tsx";
import { act, leads, togglePin, toggleReaction } from "./acts.ts";
import type { Desk } from "./desk.ts";
import { EmojiPicker } from "./emoji-picker.tsx";
import type { OpenRoom } from "./open-room.ts";

/** All that can be done with a message: beside it, or from below on a phone. */
export function MessageMenu({ room, desk }: { room: OpenRoom; desk: Desk }) {
  const reacting = useSignal<ViewMessage | null>(null);
  const open = desk.menu.value;
  const picked = reacting.value;
  return (
    <>
      {open !== null && (
        <Menu
          key={open.message.seq}
          message={open.message}
          at={open.at}
          room={room}
          desk={desk}
          onReact={() => (reacting.value = open.message)}
        />
      )}
      {picked !== null && (
        <EmojiPicker
          onClose={() => (reacting.value = null)}
          onPick={(emoji) => void act(desk, () => toggleReaction(room, picked, emoji))}
        />
      )}
    </>
  );
}

const quick = ["👍", "❤️", "😂", "🎉", "👀"];

function Menu(props: {
  message: ViewMessage;
  at: DOMRect | null;
  room: OpenRoom;
  desk: Desk;
  onReact: () => void;
}) {
  const { message, at, room, desk, onReact } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const menu = dialog.current;
    if (menu === null) return;
    menu.showModal();
    if (at !== null && matchMedia("(min-width: 640px)").matches) place(menu, at);
    return () => menu.close();
  }, []);

  const close = () => {
    // At once: while it is open, nothing behind it takes the focus.
    dialog.current?.close();
    desk.menu.value = null;
  };
  const choose = (doing: () => void) => () => {
    close();
    doing();
  };
  return (
    <dialog
      ref={dialog}
      class="menu"
      aria-label={`What to do with this message of ${message.by.name}`}
      onCancel={close}
      onClick={(event) => {
        if (event.target === dialog.current) close();
      }}
      onKeyDown={moveFocus}
    >
      <div class="menu-inside">
        <div class="menu-emoji">
          {quick.map((emoji) => (
            <button
              key={emoji}
              type="button"
              class="emoji"
              aria-label={`React with ${emoji}`}
              onClick={choose(() => void act(desk, () => toggleReaction(room, message, emoji)))}
            >
              {emoji}
            </button>
          ))}
          <button type="button" class="emoji" aria-label="Other emoji" onClick={choose(onReact)}>
            <Icon name="plus" />
          </button>
        </div>
        {entriesFor(message, room, desk).map(({ icon, label, key, danger, act: doing }) => (
          <button
            key={label}
            type="button"
            class={danger === true ? "entry danger" : "entry"}
            onClick={choose(doing)}
          >
            <Icon name={icon} size={18} />
            <span>{label}</span>
            {key !== undefined && <kbd>{key}</kbd>}
          </button>
        ))}
      </div>
    </dialog>
  );
}

interface Entry {
  icon: IconName;
  label: string;
  /** The key that does the same on a message that has the focus. */
  key?: string;
  danger?: boolean;
  act: () => void;
}

function entriesFor(message: ViewMessage, room: OpenRoom, desk: Desk): Entry[] {
  const isMine = message.by.id === room.me.id;
  const isPinned = room.view.peek().pins.includes(message.seq);
  const link = `${location.origin}${roomPath(room.handle.ref, message.seq)}`;
  const copy = (text: string) => () => void act(desk, () => navigator.clipboard.writeText(text));
  const { reading } = room;
  const isMarked = reading.markedUnread.peek() !== null;
  const entries: (Entry | false)[] = [
    { icon: "reply", label: "Reply", key: "R", act: () => desk.reply(message) },
    isMine && { icon: "edit", label: "Edit", key: "E", act: () => desk.edit(message) },
    { icon: "copy", label: "Copy text", act: copy(message.text ?? "") },
    { icon: "link", label: "Copy link", act: copy(link) },
    {
      icon: "bell",
      label: "Mark as unread",
      act: () => void act(desk, () => reading.markUnread(message.seq)),
    },
    isMarked && {
      icon: "check",
      label: "It was read after all",
      act: () => void act(desk, () => reading.undoUnread()),
    },
    leads(room) && {
      icon: "pin",
      label: isPinned ? "Unpin" : "Pin",
      key: "P",
      act: () => void act(desk, () => togglePin(room, message)),
    },
    !isMine && {
      icon: "people",
      label: `About ${message.by.name}`,
      act: () => (desk.person.value = message.by.id),
    },
    !isMine && {
      icon: "flag",
      label: "Report",
      act: () => (desk.reporting.value = message),
    },
    leads(room) && {
      icon: "shield",
      label: "Clean up from here on",
      act: () => (desk.moderation.value = { part: "clean-up", from: message.seq }),
    },
    (isMine || leads(room)) && {
      icon: "trash",
      label: "Remove",
      key: "Del",
      danger: true,
      act: () => (desk.removing.value = message),
    },
  ];
  return entries.filter((entry) => entry !== false);
}

/** Beside what was pointed at, and wholly in sight. */
function place(menu: HTMLDialogElement, at: DOMRect): void {
  const { width, height } = menu.getBoundingClientRect();
  const left = Math.min(Math.max(8, at.right - width), innerWidth - width - 8);
  const below = at.top + Math.min(at.height, 40) + 4;
  const top = below + height < innerHeight - 8 ? below : Math.max(8, at.top - height - 4);
  menu.style.left = `${left}px`;
  menu.style.top = `${top}px`;
}

function moveFocus(event: KeyboardEvent): void {
  const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
  if (step === undefined) return;
  const menu = event.currentTarget as HTMLElement;
  const buttons = Array.from(menu.querySelectorAll("button"));
  const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
  buttons[(at + step + buttons.length) % buttons.length]?.focus();
  event.preventDefault();
}
