import { useState } from "preact/hooks";

import type { SendState, ViewMessage } from "../../client/index.ts";
import { Avatar } from "../parts/avatar.tsx";
import { fullTimeOf, timeOf } from "../parts/clock.ts";
import { Icon } from "../parts/icon.tsx";
import { blocked } from "../people/blocked.ts";
import { act, toggleReaction } from "./acts.ts";
import type { Desk } from "./desk.ts";
import type { OpenRoom } from "./open-room.ts";
import { Reactions } from "./reactions.tsx";
import type { MessageRow } from "./rows.ts";
import { TextView } from "./text-view.tsx";

/** A message that has its place in the log. */
export function MessageView(props: {
  row: MessageRow;
  room: OpenRoom;
  desk: Desk;
  isLeader: boolean;
  isFlashed: boolean;
}) {
  const { row, room, desk, isFlashed } = props;
  const { message, follows, pinned, state } = row;
  const { by, at, text, removed } = message;
  const [isUnfolded, setUnfolded] = useState(false);
  const isFolded = blocked.value.has(by.id) && !isUnfolded;
  const isForMe = message.mentions.some((id) => id === room.me.id);
  const classes = [
    "message",
    follows ? "follows" : "",
    pinned ? "is-pinned" : "",
    isForMe ? "is-for-me" : "",
    isFlashed ? "is-flashed" : "",
  ];
  return (
    <article
      class={classes.filter(Boolean).join(" ")}
      tabIndex={-1}
      data-key={row.key}
      data-seq={message.seq}
      aria-label={`${by.name}, ${timeOf(at)}`}
    >
      <div class="margin">
        {follows ? (
          <time dateTime={at} class="margin-time" title={fullTimeOf(at)}>
            {timeOf(at)}
          </time>
        ) : (
          <button
            type="button"
            class="face"
            tabIndex={-1}
            aria-label={`About ${by.name}`}
            onClick={() => (desk.person.value = by.id)}
          >
            <Avatar
              id={by.id}
              name={by.name}
              picture={room.people.peek().get(by.id)?.picture}
              size={38}
            />
          </button>
        )}
      </div>
      <div class="said">
        {!follows && (
          <p class="byline">
            <span class="author">{by.name}</span>
            <time dateTime={at} title={fullTimeOf(at)}>
              {timeOf(at)}
            </time>
            {pinned && (
              <span class="mark">
                <Icon name="pin" size={13} /> pinned
              </span>
            )}
          </p>
        )}
        {message.replyTo !== undefined && <Quoted seq={message.replyTo} room={room} desk={desk} />}
        {removed || text === undefined ? (
          <p class="removed">{removed ? removalOf(message) : "…"}</p>
        ) : isFolded ? (
          <p class="removed">
            Someone you block.{" "}
            <button type="button" class="as-link" onClick={() => setUnfolded(true)}>
              Show it
            </button>
          </p>
        ) : (
          <TextView text={text} mentions={message.mentions} room={room} />
        )}
        <Reactions message={message} room={room} desk={desk} />
      </div>
      <div class="aside-marks">
        {message.editedAt !== undefined && !removed && (
          <span class="edited" title={fullTimeOf(message.editedAt)}>
            edited
          </span>
        )}
        {state !== null && <StateMark state={state} />}
      </div>
      {!removed && <Toolbar message={message} room={room} desk={desk} />}
    </article>
  );
}

const words: Record<SendState, string> = {
  queued: "Waiting to be sent",
  sent: "On its way",
  accepted: "Sent",
  stored: "Sent and stored",
  failed: "Not sent",
};
const marks = {
  queued: "clock",
  sent: "clock",
  accepted: "check",
  stored: "checks",
  failed: "alert",
} as const satisfies Record<SendState, string>;

/** How far a message of mine has got. */
export function StateMark({ state }: { state: SendState }) {
  return (
    <span class={`state is-${state}`} title={words[state]}>
      <Icon name={marks[state]} size={15} />
      <span class="unseen">{words[state]}</span>
    </span>
  );
}

function removalOf({ by, removal }: ViewMessage): string {
  if (removal === undefined || removal.by.id === by.id) return `${by.name} took this back`;
  const because = removal.reason === undefined ? "" : `: ${removal.reason}`;
  return `Removed by ${removal.by.name}${because}`;
}

/** What is replied to, in a line; goes there. */
function Quoted({ seq, room, desk }: { seq: number; room: OpenRoom; desk: Desk }) {
  const quoted = room.view.value.messages.find((message) => message.seq === seq);
  return (
    <button
      type="button"
      class="quoted"
      tabIndex={-1}
      onClick={() => void act(desk, () => desk.goTo(seq))}
    >
      <Icon name="reply" size={14} />
      <b>{quoted?.by.name ?? "An earlier message"}</b>
      <span>{quoted === undefined ? "" : excerptOf(quoted)}</span>
    </button>
  );
}

function excerptOf({ by, text }: ViewMessage): string {
  return blocked.value.has(by.id) ? "…" : (text ?? "removed");
}

const quick = ["👍", "❤️", "😂"];

/** What one does most, for those who point. Keys and the menu reach all of it too. */
function Toolbar({ message, room, desk }: { message: ViewMessage; room: OpenRoom; desk: Desk }) {
  return (
    <div class="toolbar">
      {quick.map((emoji) => (
        <button
          key={emoji}
          type="button"
          class="tool is-emoji"
          tabIndex={-1}
          aria-label={`React with ${emoji}`}
          onClick={() => void act(desk, () => toggleReaction(room, message, emoji))}
        >
          {emoji}
        </button>
      ))}
      <button
        type="button"
        class="tool"
        tabIndex={-1}
        aria-label="Reply"
        title="Reply"
        onClick={() => desk.reply(message)}
      >
        <Icon name="reply" size={18} />
      </button>
      <button
        type="button"
        class="tool is-more"
        tabIndex={-1}
        aria-label="More"
        title="More"
        onClick={(event) =>
          (desk.menu.value = { message, at: event.currentTarget.getBoundingClientRect() })
        }
      >
        <Icon name="more" size={18} />
      </button>
    </div>
  );
}
