import { useState } from "preact/hooks";

import { MAX_LINE_CODE_POINTS, type ReportCategory, type ViewMessage } from "../../client/index.ts";
import { announce } from "../parts/announce.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { useDoing } from "../parts/use-answer.ts";
import type { Desk } from "../room/desk.ts";
import type { OpenRoom } from "../room/open-room.ts";
import { categoryWords } from "./case-words.ts";

/** Asks what is wrong with a message, and tells the moderators. */
export function ReportDialog({ room, desk }: { room: OpenRoom; desk: Desk }) {
  const message = desk.reporting.value;
  if (message === null) return null;
  return <Ask key={message.seq} message={message} room={room} desk={desk} />;
}

function Ask({ message, room, desk }: { message: ViewMessage; room: OpenRoom; desk: Desk }) {
  const [category, setCategory] = useState<ReportCategory>("spam");
  const [note, setNote] = useState("");
  const { busy, problem, attempt } = useDoing();
  const close = () => (desk.reporting.value = null);
  const report = () =>
    void attempt(async () => {
      await room.handle.call("report:create", {
        seq: message.seq,
        category,
        ...(note.trim() !== "" && { note: note.trim() }),
      });
      announce("Reported. The moderators will look at it.");
      desk.told.value = "Reported. The moderators will look at it, and you will be told.";
      close();
    });
  return (
    <Dialog title="Report this message?" onClose={close}>
      <form
        class="fields"
        onSubmit={(event) => {
          event.preventDefault();
          report();
        }}
      >
        <blockquote class="excerpt">
          <b>{message.by.name}</b> {message.text}
        </blockquote>
        <label class="field">
          <span>What is wrong with it</span>
          <select
            value={category}
            onChange={(event) => setCategory(event.currentTarget.value as ReportCategory)}
          >
            {Object.entries(categoryWords).map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <label class="field">
          <span>
            What should they know{" "}
            <small>optional; only moderators see it, and that it is you</small>
          </span>
          <input
            name="note"
            maxLength={MAX_LINE_CODE_POINTS}
            value={note}
            onInput={(event) => setNote(event.currentTarget.value)}
          />
        </label>
        <p class="problem" role="alert">
          {problem}
        </p>
        <div class="dialog-foot">
          <button type="button" class="quiet" onClick={close}>
            Cancel
          </button>
          <button type="submit" class="primary is-danger" disabled={busy}>
            Report
          </button>
        </div>
      </form>
    </Dialog>
  );
}
