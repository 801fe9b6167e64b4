import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { useLayoutEffect } from "preact/hooks";

import { MAX_TEXT_CODE_POINTS } from "../../client/index.ts";
import { Icon } from "../parts/icon.tsx";
import { useFocus } from "../parts/use-focus.ts";
import { keep, readKept } from "../session/kept.ts";
import { act, leads, readMembers } from "./acts.ts";
import type { Desk } from "./desk.ts";
import { EmojiPicker } from "./emoji-picker.tsx";
import { mentionable, mentionAt, Mentions } from "./mentions.tsx";
import type { OpenRoom } from "./open-room.ts";

/** Where one writes: something new, a reply, or a change of what one said. */
export function Composer({ room, desk }: { room: OpenRoom; desk: Desk }) {
  const draftKey = `draft:${room.handle.ref}`;
  const text = useSignal(readKept<string>(draftKey) ?? "");
  const caret = useSignal(0);
  const chosen = useSignal(0);
  const picking = useSignal(false);
  const { field } = desk;

  useFocus(field);
  const question = useComputed(() => mentionAt(text.value, caret.value));
  const isNaming = useComputed(() => question.value !== null);
  const answers = useComputed(() => mentionable(room, desk, question.value?.prefix ?? null));
  const { editing, replyTo } = desk;

  const write = (next: string, at = next.length) => {
    text.value = next;
    chosen.value = 0;
    if (editing.peek() === null) keep(draftKey, next === "" ? null : next);
    caret.value = at;
    // At once, not with the next frame: what is typed meanwhile would stand in the wrong place.
    const area = field.current;
    if (area === null) return;
    area.value = next;
    area.setSelectionRange(at, at);
  };

  useSignalEffect(() => {
    // Who has left is named too, and people choose other handles: the list is read as a name begins.
    if (isNaming.value) void readMembers(room, desk);
  });
  useSignalEffect(() => {
    const message = editing.value;
    if (message === null) return;
    text.value = message.text ?? "";
  });
  useSignalEffect(() => {
    const named = desk.mention.value;
    if (named === null) return;
    desk.mention.value = null;
    const before = text.peek();
    write(`${before}${before === "" || before.endsWith(" ") ? "" : " "}@${named} `);
    field.current?.focus();
  });
  useLayoutEffect(() => {
    // Grows with what is written, where the browser does not do so by itself.
    const area = field.current;
    if (area === null || CSS.supports("field-sizing", "content")) return;
    area.style.height = "auto";
    area.style.height = `${area.scrollHeight}px`;
  }, [text.value]);

  const stopEditing = () => {
    editing.value = null;
    write(readKept<string>(draftKey) ?? "");
  };

  const say = async () => {
    const said = text.value.trim();
    if (said === "") return;
    const changed = editing.value;
    if (changed !== null) {
      const change = { seq: changed.seq, text: said };
      const done =
        said === changed.text || (await act(desk, () => room.handle.call("message:edit", change)));
      if (done) stopEditing();
      return;
    }
    room.handle.send(said, replyTo.value === null ? {} : { replyTo: replyTo.value.seq });
    replyTo.value = null;
    room.reading.dismissLine();
    desk.goal.value = "newest";
    write("");
  };

  const complete = (index: number) => {
    const answer = answers.value[index];
    const asked = question.value;
    if (answer === undefined || asked === null) return;
    const before = `${text.value.slice(0, asked.from)}@${answer.handle ?? answer.name} `;
    write(before + text.value.slice(caret.value), before.length);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    // In the midst of composing a character, Enter and the arrows belong to the input method.
    if (event.isComposing) return;
    if (answers.value.length > 0 && completeOn(event)) return;
    if (event.key === "Escape") {
      if (editing.value !== null) stopEditing();
      else if (replyTo.value !== null) replyTo.value = null;
      else room.reading.dismissLine();
    } else if (event.key === "Enter" && !event.shiftKey && !isTouch()) {
      event.preventDefault();
      void say();
    } else if (event.key === "ArrowUp" && text.value === "") {
      const last = room.view.value.messages.findLast(
        ({ by, removed }) => by.id === room.me.id && !removed,
      );
      if (last === undefined) return;
      event.preventDefault();
      desk.edit(last);
    }
  };

  const completeOn = (event: KeyboardEvent): boolean => {
    const count = answers.value.length;
    if (event.key === "ArrowDown") chosen.value = (chosen.value + 1) % count;
    else if (event.key === "ArrowUp") chosen.value = (chosen.value + count - 1) % count;
    else if (event.key === "Enter" || event.key === "Tab") complete(chosen.value);
    else if (event.key === "Escape") caret.value = -1;
    else return false;
    event.preventDefault();
    return true;
  };

  const mayNot = barredFrom(room);
  const points = Array.from(text.value).length;
  const isOpen = answers.value.length > 0;
  return (
    <footer class="composer">
      {desk.problem.value !== "" && (
        <p class="composer-problem" role="alert">
          <Icon name="alert" size={16} /> {desk.problem}
        </p>
      )}
      <About desk={desk} onStopEditing={stopEditing} />
      {isOpen && <Mentions people={answers.value} chosen={chosen.value} onChoose={complete} />}
      <div class="composer-row">
        <button
          type="button"
          class="round quiet"
          aria-label="Insert an emoji"
          disabled={mayNot !== ""}
          onClick={() => (picking.value = true)}
        >
          <Icon name="smile" size={22} />
        </button>
        <textarea
          id="say"
          ref={field}
          rows={1}
          value={text.value}
          disabled={mayNot !== ""}
          placeholder={mayNot === "" ? placeholderOf(room) : mayNot}
          aria-label="Message"
          aria-controls={isOpen ? "mentions" : undefined}
          aria-autocomplete="list"
          aria-activedescendant={isOpen ? `mention-${chosen.value}` : undefined}
          onKeyDown={onKeyDown}
          onInput={(event) => {
            const { value, selectionStart } = event.currentTarget;
            text.value = value;
            caret.value = selectionStart;
            chosen.value = 0;
            if (editing.value === null) keep(draftKey, value === "" ? null : value);
            if (value !== "") room.handle.typing();
          }}
          onSelect={(event) => (caret.value = event.currentTarget.selectionStart)}
        />
        <button
          type="button"
          class="round primary send"
          aria-label={editing.value === null ? "Send" : "Save the change"}
          disabled={mayNot !== "" || text.value.trim() === "" || points > MAX_TEXT_CODE_POINTS}
          onClick={() => {
            void say();
            field.current?.focus();
          }}
        >
          <Icon name={editing.value === null ? "send" : "check"} />
        </button>
      </div>
      <p class="composer-hint">
        {points > MAX_TEXT_CODE_POINTS - 200 ? (
          <span class={points > MAX_TEXT_CODE_POINTS ? "is-over" : ""}>
            {(MAX_TEXT_CODE_POINTS - points).toLocaleString()} characters left
          </span>
        ) : (
          <span class="keys">
            <kbd>Enter</kbd> sends · <kbd>Shift</kbd> <kbd>Enter</kbd> starts a new line
          </span>
        )}
      </p>
      {picking.value && (
        <EmojiPicker
          onClose={() => {
            picking.value = false;
            field.current?.focus();
          }}
          onPick={(emoji) => {
            const at = field.current?.selectionStart ?? text.value.length;
            write(text.value.slice(0, at) + emoji + text.value.slice(at), at + emoji.length);
          }}
        />
      )}
    </footer>
  );
}

/** What the words are about to be: a reply, or a change. */
function About({ desk, onStopEditing }: { desk: Desk; onStopEditing: () => void }) {
  const reply = desk.replyTo.value;
  const isEditing = desk.editing.value !== null;
  if (!isEditing && reply === null) return null;
  return (
    <div class="about">
      <Icon name={isEditing ? "edit" : "reply"} size={16} />
      <p>
        {isEditing ? (
          "Changing what you said"
        ) : (
          <>
            To <b>{reply?.by.name}</b> <span>{reply?.text}</span>
          </>
        )}
      </p>
      <button
        type="button"
        class="round quiet small"
        aria-label={isEditing ? "Leave it as it was" : "Do not reply"}
        onClick={() => {
          if (isEditing) onStopEditing();
          else desk.replyTo.value = null;
        }}
      >
        <Icon name="close" size={16} />
      </button>
    </div>
  );
}

/** Why one may not write; "" when one may. */
function barredFrom(room: OpenRoom): string {
  const mute = room.view.value.mutes[room.me.id];
  if (mute !== undefined && (mute.until === null || Date.parse(mute.until) > Date.now())) {
    return `You are muted here: ${mute.reason}`;
  }
  if (room.room.value?.speakers === "nobody") return "Nobody may speak here now";
  if (room.room.value?.locked === true && !leads(room)) return "Only moderators may speak here";
  return "";
}

function placeholderOf({ room }: OpenRoom): string {
  const title = room.value?.title;
  return title === undefined || title.length > LONG_TITLE
    ? "Say something"
    : `Say something in ${title}`;
}

const LONG_TITLE = 24;

/** On a phone Enter starts a new line: there is a button to send. */
function isTouch(): boolean {
  return matchMedia("(pointer: coarse)").matches;
}
