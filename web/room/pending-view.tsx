import { Avatar } from "../parts/avatar.tsx";
import { StateMark } from "./message-view.tsx";
import type { OpenRoom } from "./open-room.ts";
import type { PendingRow } from "./rows.ts";
import { TextView } from "./text-view.tsx";

/** A message of mine on its way, or one that was refused. */
export function PendingView({ row, room }: { row: PendingRow; room: OpenRoom }) {
  const { outgoing, state, follows } = row;
  const { me } = room;
  const isFailed = state === "failed";
  return (
    <article
      class={["message is-pending", follows ? "follows" : "", isFailed ? "is-failed" : ""].join(
        " ",
      )}
      tabIndex={-1}
      data-key={row.key}
      aria-label={`${me.name}, not yet in the room`}
    >
      <div class="margin">
        {!follows && <Avatar id={me.id} name={me.name} picture={me.picture} size={38} />}
      </div>
      <div class="said">
        {!follows && (
          <p class="byline">
            <span class="author">{me.name}</span>
          </p>
        )}
        <TextView text={outgoing.text} room={room} />
        {isFailed && (
          <p class="failure" role="alert">
            {outgoing.refusal?.message ?? "It was not sent."}
            {outgoing.inDoubt && " It may have got through nevertheless."}
            <button type="button" class="as-link" onClick={() => outgoing.retry()}>
              Try again
            </button>
            <button type="button" class="as-link" onClick={() => outgoing.discard()}>
              Let go
            </button>
          </p>
        )}
      </div>
      <div class="aside-marks">
        <StateMark state={state} />
      </div>
    </article>
  );
}
