import { useEffect, useState } from "preact/hooks";

import { MAX_LINE_CODE_POINTS, type CommandInput, type CommandOutput } from "../../client/index.ts";
import { announce } from "../parts/announce.tsx";
import { counted } from "../parts/clock.ts";
import { useAnswer, useDoing } from "../parts/use-answer.ts";
import { everyoneIn, personIn } from "../people/roster.ts";
import { readMembers } from "../room/acts.ts";
import type { Desk } from "../room/desk.ts";
import type { OpenRoom } from "../room/open-room.ts";
import { PastCleanUps } from "./past-clean-ups.tsx";

type Ask = Omit<CommandInput<"removal:create">, "room">;
type Found = CommandOutput<"removal:create">;

const times: [number | null, string][] = [
  [10, "10 minutes"],
  [60, "1 hour"],
  [24 * 60, "1 day"],
  [7 * 24 * 60, "1 week"],
  [null, "Whenever"],
];

/** Takes many messages away in one move, after a look at what that would be. */
export function CleanUp(props: {
  room: OpenRoom;
  desk: Desk;
  /** What it begins with: someone's messages, or those from one on. */
  about: { author?: string; from?: number };
}) {
  const { room, desk, about } = props;
  const [author, setAuthor] = useState(about.author ?? "");
  const [minutes, setMinutes] = useState<number | null>(about.from === undefined ? 60 : null);
  const [pattern, setPattern] = useState("");
  const [reason, setReason] = useState("");
  const [found, setFound] = useState<{ asked: Ask; answer: Found } | null>(null);
  const { busy, problem, attempt } = useDoing();
  const past = useAnswer(() => room.handle.call("removal:list", { limit: 20 }), []);
  useEffect(() => void readMembers(room, desk), []);
  // What was counted is not what would be removed any more.
  useEffect(() => setFound(null), [author, minutes, pattern]);

  const look = () =>
    void attempt(async () => {
      const asked: Ask = {
        reason: reason.trim() === "" ? "preview" : reason.trim(),
        ...(author !== "" && { author }),
        ...(minutes !== null && { since: new Date(Date.now() - minutes * 60_000).toISOString() }),
        ...(pattern.trim() !== "" && { pattern: pattern.trim() }),
        // The newest that is counted: what is said meanwhile was not looked at.
        from: about.from ?? 1,
        to: Math.max(room.view.peek().head, 1),
      };
      setFound({
        asked,
        answer: await room.handle.call("removal:create", { ...asked, preview: true }),
      });
    });
  const remove = ({ asked }: { asked: Ask }) =>
    void attempt(async () => {
      const { count } = await room.handle.call("removal:create", {
        ...asked,
        reason: reason.trim(),
      });
      announce(`${counted(count, "message")} removed`);
      setFound(null);
      await past.again();
    });

  const people = [...everyoneIn(room, desk).values()].toSorted((a, b) =>
    a.name.localeCompare(b.name),
  );
  return (
    <>
      <form
        class="fields"
        onSubmit={(event) => {
          event.preventDefault();
          look();
        }}
      >
        <div class="field-row">
          <label class="field">
            <span>Whose messages</span>
            <select value={author} onChange={(event) => setAuthor(event.currentTarget.value)}>
              <option value="">Anyone’s</option>
              {people.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </select>
          </label>
          <label class="field">
            <span>Of the last</span>
            <select
              value={String(minutes)}
              onChange={({ currentTarget: { value } }) =>
                setMinutes(value === "null" ? null : Number(value))
              }
            >
              {times.map(([value, label]) => (
                <option key={label} value={String(value)}>
                  {label}
                </option>
              ))}
            </select>
          </label>
        </div>
        {about.from !== undefined && <p class="none">From the message that you chose on.</p>}
        <label class="field">
          <span>
            With these words{" "}
            <small>optional; * stands for any letters, disguises do not help</small>
          </span>
          <input
            name="pattern"
            maxLength={MAX_LINE_CODE_POINTS}
            value={pattern}
            onInput={(event) => setPattern(event.currentTarget.value)}
          />
        </label>
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
        {found !== null && <Preview found={found.answer} room={room} desk={desk} />}
        <p class="problem" role="alert">
          {problem}
        </p>
        <div class="dialog-foot">
          <button type="submit" class={found === null ? "primary" : "button"} disabled={busy}>
            {found === null ? "Preview" : "Look again"}
          </button>
          {found !== null && found.answer.count > 0 && (
            <button
              type="button"
              class="primary is-danger"
              disabled={busy || reason.trim() === ""}
              onClick={() => remove(found)}
            >
              {reason.trim() === ""
                ? "Say why to remove them"
                : `Remove ${counted(found.answer.count, "message")}`}
            </button>
          )}
        </div>
      </form>
      <PastCleanUps past={past} room={room} desk={desk} />
    </>
  );
}

function Preview({ found, room, desk }: { found: Found; room: OpenRoom; desk: Desk }) {
  const { count, sample = [] } = found;
  return (
    <div class="preview" role="status">
      <p>
        <b>{count === 0 ? "No message fits." : `${counted(count, "message")} would go.`}</b>
        {count > sample.length && sample.length > 0 && ` The last ${sample.length} of them:`}
      </p>
      <ul>
        {sample.map(({ seq, by, text }) => (
          <li key={seq}>
            <b>{personIn(room, desk, by)?.name ?? "Someone"}</b> {text}
          </li>
        ))}
      </ul>
    </div>
  );
}
