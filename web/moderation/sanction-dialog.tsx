import { useState } from "preact/hooks";

import { MAX_LINE_CODE_POINTS, type CommandInput } from "../../client/index.ts";
import { Dialog } from "../parts/dialog.tsx";
import type { OpenRoom, Person } from "../room/open-room.ts";
import { sentenceOf } from "../session/refusal.ts";

type Kind = CommandInput<"sanction:create">["kind"];

const kinds: [Kind, string, string][] = [
  ["mute", "Mute", "They read, but do not speak."],
  ["kick", "Show out", "They leave now, and may come back."],
  ["ban", "Ban", "They leave now, and stay out."],
];

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const durations: [number | null, string][] = [
  [10 * MINUTE, "10 minutes"],
  [HOUR, "1 hour"],
  [DAY, "1 day"],
  [7 * DAY, "1 week"],
  [30 * DAY, "30 days"],
  [null, "For good"],
];

/** Asks what is to happen to someone, for how long and why. */
export function SanctionDialog(props: { person: Person; room: OpenRoom; onClose: () => void }) {
  const { person, room, onClose } = props;
  const [kind, setKind] = useState<Kind>("mute");
  const [seconds, setSeconds] = useState<number | null>(HOUR);
  const [reason, setReason] = useState("");
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);

  const impose = async () => {
    if (reason.trim() === "") return setProblem("Say why: they and everyone here will read it.");
    setBusy(true);
    try {
      await room.handle.call("sanction:create", {
        user: person.id,
        kind,
        reason: reason.trim(),
        ...(kind !== "kick" && seconds !== null && { seconds }),
      });
      onClose();
    } catch (error) {
      setProblem(sentenceOf(error));
      setBusy(false);
    }
  };

  return (
    <Dialog title={`What about ${person.name}?`} onClose={onClose}>
      <form
        class="fields"
        onSubmit={(event) => {
          event.preventDefault();
          void impose();
        }}
      >
        <fieldset class="choices">
          <legend class="unseen">What happens</legend>
          {kinds.map(([value, label, meaning]) => (
            <label key={value} class="choice">
              <input
                type="radio"
                name="kind"
                checked={kind === value}
                onChange={() => setKind(value)}
              />
              <span>
                <b>{label}</b>
                <small>{meaning}</small>
              </span>
            </label>
          ))}
        </fieldset>
        {kind !== "kick" && (
          <label class="field">
            <span>For how long</span>
            <select
              value={String(seconds)}
              onChange={({ currentTarget: { value } }) =>
                setSeconds(value === "null" ? null : Number(value))
              }
            >
              {durations.map(([value, label]) => (
                <option key={label} value={String(value)}>
                  {label}
                </option>
              ))}
            </select>
          </label>
        )}
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
        <p class="problem" role="alert">
          {problem}
        </p>
        <div class="dialog-foot">
          <button type="button" class="quiet" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="primary is-danger" disabled={busy}>
            {kinds.find(([value]) => value === kind)?.[1]} {person.name}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
