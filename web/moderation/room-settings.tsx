import { useState } from "preact/hooks";

import {
  MAX_LINE_CODE_POINTS,
  MAX_TITLE_CODE_POINTS,
  type CommandInput,
  type Room,
  type Speakers,
} from "../../client/index.ts";
import { Dialog } from "../parts/dialog.tsx";
import type { Desk } from "../room/desk.ts";
import type { OpenRoom } from "../room/open-room.ts";
import { sentenceOf } from "../session/refusal.ts";
import { RaidSwitch } from "./raid-switch.tsx";
import { Sanctions } from "./sanctions.tsx";

type Changes = Omit<CommandInput<"room:update">, "room">;

const paces: [number, string][] = [
  [0, "As fast as they like"],
  [5, "Once in 5 seconds"],
  [30, "Once in 30 seconds"],
  [120, "Once in 2 minutes"],
  [900, "Once in 15 minutes"],
];

const speakers: [Speakers, string][] = [
  ["everyone", "Everyone"],
  ["settled", "Who has been here for a while"],
  ["moderators", "Moderators"],
  ["nobody", "Nobody"],
];

const settlings: [number, string][] = [
  [600, "10 minutes"],
  [3_600, "1 hour"],
  [86_400, "1 day"],
  [7 * 86_400, "1 week"],
];

/** How a room is: for those who lead it. */
export function RoomSettings({ room, desk }: { room: OpenRoom; desk: Desk }) {
  const known = room.room.value;
  if (!desk.settingsShown.value || known === null) return null;
  return <Shown known={known} room={room} desk={desk} />;
}

function Shown({ known, room, desk }: { known: Room; room: OpenRoom; desk: Desk }) {
  const [draft, setDraft] = useState(() => draftOf(known));
  const [problem, setProblem] = useState("");
  const close = () => (desk.settingsShown.value = false);
  const change = (part: Partial<typeof draft>) => setDraft({ ...draft, ...part });

  const save = async () => {
    const changes = changesOf(known, draft);
    if (Object.keys(changes).length === 0) {
      close();
      return;
    }
    try {
      await room.handle.call("room:update", changes);
      close();
    } catch (error) {
      setProblem(sentenceOf(error));
    }
  };

  return (
    <Dialog title="About this room" onClose={close}>
      <form
        class="fields"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <label class="field">
          <span>Title</span>
          <input
            maxLength={MAX_TITLE_CODE_POINTS}
            value={draft.title}
            onInput={(event) => change({ title: event.currentTarget.value })}
          />
        </label>
        <label class="field">
          <span>Topic</span>
          <input
            maxLength={MAX_LINE_CODE_POINTS}
            value={draft.topic}
            onInput={(event) => change({ topic: event.currentTarget.value })}
          />
        </label>
        <label class="field">
          <span>
            Tags <small>with spaces between them</small>
          </span>
          <input
            value={draft.tags}
            placeholder="rivers boats"
            onInput={(event) => change({ tags: event.currentTarget.value })}
          />
        </label>
        <label class="field">
          <span>How often someone may speak</span>
          <select
            value={String(draft.slowModeSeconds)}
            onChange={(event) => change({ slowModeSeconds: Number(event.currentTarget.value) })}
          >
            {paces.map(([seconds, label]) => (
              <option key={seconds} value={String(seconds)}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <label class="field">
          <span>Who may speak</span>
          <select
            value={draft.speakers}
            onChange={(event) => change({ speakers: event.currentTarget.value as Speakers })}
          >
            {speakers.map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        </label>
        {draft.speakers === "settled" && (
          <label class="field">
            <span>After being here for</span>
            <select
              value={String(draft.settledSeconds)}
              onChange={(event) => change({ settledSeconds: Number(event.currentTarget.value) })}
            >
              {settlings.map(([seconds, label]) => (
                <option key={seconds} value={String(seconds)}>
                  {label}
                </option>
              ))}
            </select>
          </label>
        )}
        {known.visibility === "private" && (
          <label class="choice">
            <input
              type="checkbox"
              checked={draft.asking}
              onChange={(event) => change({ asking: event.currentTarget.checked })}
            />
            <span>
              <b>Let people ask to join</b>
              <small>Whoever has the link sees its title; moderators let them in.</small>
            </span>
          </label>
        )}
        <p class="problem" role="alert">
          {problem}
        </p>
        <div class="dialog-foot">
          <button type="submit" class="primary">
            Save
          </button>
        </div>
      </form>
      <h3 class="dialog-part">Raid mode</h3>
      <RaidSwitch known={known} room={room} />
      <h3 class="dialog-part">Muted and banned</h3>
      <Sanctions room={room} desk={desk} />
      {room.role.value === "owner" && <Archive room={room} />}
    </Dialog>
  );
}

/** Closing a room cannot be undone, so it takes two clicks that do not lie upon each other. */
function Archive({ room }: { room: OpenRoom }) {
  const [sure, setSure] = useState(false);
  return (
    <div class="archive">
      <button
        type="button"
        class="quiet danger"
        aria-expanded={sure}
        onClick={() => setSure(!sure)}
      >
        Close this room for good
      </button>
      {sure && (
        <p>
          What was said stays readable, nobody speaks any more.{" "}
          <button
            type="button"
            class="primary is-danger"
            onClick={() => void room.handle.call("room:archive", {})}
          >
            Close it
          </button>
        </p>
      )}
    </div>
  );
}

function draftOf({ title, topic, tags, slowModeSeconds, ...more }: Room) {
  const { locked, asking = false, settledSeconds = 3_600 } = more;
  // As in rooms that were locked before there was more than one way to do so.
  const { speakers: chosen = locked ? "moderators" : "everyone" } = more;
  return {
    title,
    topic,
    tags: tags.join(" "),
    slowModeSeconds,
    speakers: chosen,
    settledSeconds,
    asking,
  };
}

/** What differs: what somebody else has changed meanwhile stays as they left it. */
function changesOf(known: Room, draft: ReturnType<typeof draftOf>): Changes {
  const before = draftOf(known);
  const { title, topic, tags, slowModeSeconds, asking } = draft;
  const isSettled = draft.speakers === "settled";
  const speakersDiffer =
    draft.speakers !== before.speakers ||
    (isSettled && draft.settledSeconds !== before.settledSeconds);
  return {
    ...(title.trim() !== before.title && { title: title.trim() }),
    ...(topic.trim() !== before.topic && { topic: topic.trim() }),
    ...(tags !== before.tags && { tags: tagsIn(tags) }),
    ...(slowModeSeconds !== before.slowModeSeconds && { slowModeSeconds }),
    ...(speakersDiffer && { speakers: draft.speakers }),
    ...(speakersDiffer && isSettled && { settledSeconds: draft.settledSeconds }),
    ...(asking !== before.asking && { asking }),
  };
}

function tagsIn(text: string): string[] {
  const words = text.toLocaleLowerCase().split(/[\s,#]+/u);
  return [...new Set(words)].filter((word) => word !== "");
}
