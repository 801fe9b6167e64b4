import { useState } from "preact/hooks";

import { MAX_LINE_CODE_POINTS, MAX_TITLE_CODE_POINTS } from "../../client/index.ts";
import { navigate, roomPath } from "../navigation/route.ts";
import { Dialog } from "../parts/dialog.tsx";
import { sentenceOf } from "../session/refusal.ts";
import { client } from "../session/session.ts";

const visibilities = [
  ["public", "Public", "Everyone finds it in the list."],
  ["unlisted", "By link", "Whoever has the link may come in."],
  ["private", "Private", "Members only."],
] as const;

type Visibility = (typeof visibilities)[number][0];

/** Asks what a new room is about, and opens it. */
export function NewRoom({ onClose }: { onClose: () => void }) {
  const [title, setTitle] = useState("");
  const [topic, setTopic] = useState("");
  const [visibility, setVisibility] = useState<Visibility>("public");
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);

  const open = async () => {
    if (title.trim() === "") return setProblem("A room needs a title.");
    setBusy(true);
    try {
      const room = await client.value?.call("room:create", {
        title: title.trim(),
        topic: topic.trim(),
        visibility,
      });
      if (room !== undefined) navigate(roomPath(room.slug));
    } catch (error) {
      setProblem(sentenceOf(error));
      setBusy(false);
    }
  };

  return (
    <Dialog title="Open a room" onClose={onClose}>
      <form
        class="fields"
        onSubmit={(event) => {
          event.preventDefault();
          void open();
        }}
      >
        <label class="field">
          <span>Title</span>
          <input
            name="title"
            autofocus
            maxLength={MAX_TITLE_CODE_POINTS}
            placeholder="Watercooler"
            value={title}
            onInput={(event) => setTitle(event.currentTarget.value)}
          />
        </label>
        <label class="field">
          <span>
            Topic <small>optional</small>
          </span>
          <input
            name="topic"
            maxLength={MAX_LINE_CODE_POINTS}
            placeholder="What it is about"
            value={topic}
            onInput={(event) => setTopic(event.currentTarget.value)}
          />
        </label>
        <fieldset class="choices">
          <legend>Who may come in</legend>
          {visibilities.map(([value, label, meaning]) => (
            <label key={value} class="choice">
              <input
                type="radio"
                name="visibility"
                checked={visibility === value}
                onChange={() => setVisibility(value)}
              />
              <span>
                <b>{label}</b>
                <small>{meaning}</small>
              </span>
            </label>
          ))}
        </fieldset>
        <p class="problem" role="alert">
          {problem}
        </p>
        <div class="dialog-foot">
          <button type="button" class="quiet" onClick={onClose}>
            Not now
          </button>
          <button type="submit" class="primary" disabled={busy}>
            Open it
          </button>
        </div>
      </form>
    </Dialog>
  );
}
