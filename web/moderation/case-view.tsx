import { useState } from "preact/hooks";

import { MAX_LINE_CODE_POINTS, type Case, type CommandInput } from "../../client/index.ts";
import { announce } from "../parts/announce.tsx";
import { fullTimeOf } from "../parts/clock.ts";
import { useAnswer, useDoing } from "../parts/use-answer.ts";
import type { OpenRoom } from "../room/open-room.ts";
import { actionWords, categoryWords } from "./case-words.ts";

type Resolution = Omit<CommandInput<"report:resolve">, "room" | "id">;
type Action = Resolution["action"];
type Sentence = "mute" | "kick" | "ban";

const fitting: Record<Case["kind"], readonly Exclude<Action, "sanction">[]> = {
  message: ["dismiss", "remove"],
  held: ["approve", "refuse"],
  join: ["approve", "refuse"],
};

const sentences: [Sentence, number | undefined, string][] = [
  ["mute", 3_600, "Mute for an hour"],
  ["mute", 86_400, "Mute for a day"],
  ["kick", undefined, "Show out"],
  ["ban", 7 * 86_400, "Ban for a week"],
  ["ban", undefined, "Ban for good"],
];

/** One case: what was said and around it, who reported it and why it is urgent, and what can be done. */
export function CaseView(props: {
  item: Case;
  room: OpenRoom;
  onDone: () => Promise<void>;
  onChange: () => Promise<void>;
}) {
  const { item, room, onDone, onChange } = props;
  const { id, kind, claim, resolution, texts, reports, priority } = item;
  const [note, setNote] = useState("");
  const [sentence, setSentence] = useState(0);
  const [takeMessage, setTakeMessage] = useState(true);
  const { busy, problem, attempt } = useDoing();
  const isMine = claim?.by.id === room.me.id;

  const resolve = (decision: Resolution) =>
    void attempt(async () => {
      const why = note.trim() === "" ? {} : { note: note.trim() };
      await room.handle.call("report:resolve", { id, ...why, ...decision });
      announce(`${actionWords[decision.action]}: done`);
      await onDone();
    });
  const sanction = () => {
    const [what, seconds] = sentences[sentence] ?? ["mute", 3_600];
    resolve({
      action: "sanction",
      sanction: { kind: what, ...(seconds !== undefined && { seconds }) },
      removeMessage: takeMessage && kind === "message",
    });
  };
  const setClaim = () =>
    void attempt(async () => {
      await room.handle.call(isMine ? "report:release" : "report:claim", { id });
      await onChange();
    });

  return (
    <div class="case">
      {item.seq === undefined ? null : <Around room={room} seq={item.seq} />}
      {texts.map(({ text, at }) => (
        <blockquote key={at} class="excerpt">
          <b>{kind === "message" ? "Reported as" : item.author.name}</b> {text}
        </blockquote>
      ))}
      {reports.length > 0 && (
        <ul class="case-reports">
          {reports.map(({ by, category, note: said, at }) => (
            <li key={by.id}>
              <b>{by.name}</b> {categoryWords[category]}
              {said === undefined ? "" : `: ${said}`} <small>{fullTimeOf(at)}</small>
            </li>
          ))}
        </ul>
      )}
      <p class="none">
        Priority {priority.points}:{" "}
        {priority.why.map(({ what, points }) => `${what} (${points})`).join(", ")}
      </p>
      {resolution === undefined ? (
        <>
          <label class="field">
            <span>
              Note{" "}
              <small>
                {kind === "message"
                  ? "of a removal or a sanction, everyone sees it"
                  : "they read it"}
              </small>
            </span>
            <input
              name="case-note"
              maxLength={MAX_LINE_CODE_POINTS}
              value={note}
              onInput={(event) => setNote(event.currentTarget.value)}
            />
          </label>
          <p class="problem" role="alert">
            {problem}
          </p>
          <div class="case-acts">
            <button type="button" class="button" disabled={busy} onClick={setClaim}>
              {isMine ? "Give back" : "Claim"}
            </button>
            {fitting[kind].map((action) => (
              <button
                key={action}
                type="button"
                class={action === "remove" ? "primary is-danger" : "primary"}
                disabled={busy}
                onClick={() => resolve({ action })}
              >
                {actionWords[action]}
              </button>
            ))}
          </div>
          {kind !== "join" && (
            <div class="case-acts">
              <label class="field">
                <span class="unseen">Sanction for {item.author.name}</span>
                <select
                  value={String(sentence)}
                  onChange={(event) => setSentence(Number(event.currentTarget.value))}
                >
                  {sentences.map(([, , label], i) => (
                    <option key={label} value={String(i)}>
                      {label}
                    </option>
                  ))}
                </select>
              </label>
              {kind === "message" && (
                <label class="choice">
                  <input
                    type="checkbox"
                    checked={takeMessage}
                    onChange={(event) => setTakeMessage(event.currentTarget.checked)}
                  />
                  <span>and remove the message</span>
                </label>
              )}
              <button
                type="button"
                class="primary is-danger"
                disabled={busy || note.trim() === ""}
                onClick={sanction}
              >
                {note.trim() === "" ? "Note why to sanction" : `Sanction ${item.author.name}`}
              </button>
            </div>
          )}
        </>
      ) : (
        <p>
          {actionWords[resolution.action]}: {resolution.by.name}, {fullTimeOf(resolution.at)}
          {resolution.note === undefined ? "" : ` · ${resolution.note}`}
        </p>
      )}
    </div>
  );
}

/** What was said before and after it, as it stands now. */
function Around({ room, seq }: { room: OpenRoom; seq: number }) {
  const around = useAnswer(
    () => room.handle.call("message:list", { around: seq, limit: AROUND }),
    [seq],
  );
  return (
    <ol class="case-around" aria-label="What was said around it">
      {(around.value?.items ?? []).map((message) => (
        <li key={message.seq} class={message.seq === seq ? "is-target" : ""}>
          <b>{message.by.name}</b> {message.text ?? <i>removed</i>}
        </li>
      ))}
    </ol>
  );
}

const AROUND = 7;
