import { useState } from "preact/hooks";

import { MAX_LINE_CODE_POINTS, type ViewMessage } from "../../client/index.ts";
import { Dialog } from "../parts/dialog.tsx";
import { act } from "./acts.ts";
import type { Desk } from "./desk.ts";
import type { OpenRoom } from "./open-room.ts";

/** Asks before a message is taken away, and why when it is another's. */
export function RemoveMessage({ room, desk }: { room: OpenRoom; desk: Desk }) {
  const message = desk.removing.value;
  if (message === null) return null;
  return <Ask key={message.seq} message={message} room={room} desk={desk} />;
}

function Ask({ message, room, desk }: { message: ViewMessage; room: OpenRoom; desk: Desk }) {
  const [reason, setReason] = useState("");
  const isMine = message.by.id === room.me.id;
  const close = () => (desk.removing.value = null);
  const remove = async () => {
    const why = reason.trim() === "" ? {} : { reason: reason.trim() };
    close();
    await act(desk, () => room.handle.call("message:remove", { seq: message.seq, ...why }));
  };
  return (
    <Dialog title={isMine ? "Take it back?" : "Remove this message?"} onClose={close}>
      <form
        class="fields"
        onSubmit={(event) => {
          event.preventDefault();
          void remove();
        }}
      >
        <blockquote class="excerpt">
          <b>{message.by.name}</b> {message.text}
        </blockquote>
        {!isMine && (
          <label class="field">
            <span>
              Why <small>everyone sees it</small>
            </span>
            <input
              name="reason"
              maxLength={MAX_LINE_CODE_POINTS}
              value={reason}
              onInput={(event) => setReason(event.currentTarget.value)}
            />
          </label>
        )}
        <div class="dialog-foot">
          <button type="button" class="quiet" onClick={close}>
            Keep it
          </button>
          <button type="submit" class="primary is-danger" autofocus={isMine}>
            {isMine ? "Take it back" : "Remove"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
