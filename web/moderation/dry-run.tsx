import { useEffect, useState } from "preact/hooks";

import type { CommandOutput } from "../../client/index.ts";
import { counted } from "../parts/clock.ts";
import { useDoing } from "../parts/use-answer.ts";
import type { Desk } from "../room/desk.ts";
import type { OpenRoom } from "../room/open-room.ts";
import { ruleOf, type RuleDraft } from "./rule-draft.ts";

type Run = CommandOutput<"dry-run:get">;

const spans: [number, string][] = [
  [1, "the last day"],
  [7, "the last week"],
  [30, "the last 30 days"],
  [90, "the last 90 days"],
];

/** Tries a rule on what was said before: whom would it have hit? Nothing happens to anyone. */
export function DryRun({ draft, room }: { draft: RuleDraft; room: OpenRoom; desk: Desk }) {
  const [days, setDays] = useState(7);
  const [run, setRun] = useState<Run | null>(null);
  const { busy, problem, attempt } = useDoing();
  const asked = JSON.stringify(ruleOf(draft));
  // What was found is about another rule.
  useEffect(() => setRun(null), [asked, days]);
  useEffect(() => {
    if (run === null || run.state === "done") return;
    const soon = setTimeout(
      () =>
        void attempt(async () => {
          const next = await room.handle.call("dry-run:get", { id: run.id });
          // It may be about a rule that was changed meanwhile.
          setRun((shown) => (shown?.id === next.id ? next : shown));
        }),
      POLL_MS,
    );
    return () => clearTimeout(soon);
  }, [run]);

  return (
    <section class="dry-run" aria-label="Trial">
      <div class="dry-run-head">
        <label class="field">
          <span>Try it on</span>
          <select
            value={String(days)}
            onChange={(event) => setDays(Number(event.currentTarget.value))}
          >
            {spans.map(([value, label]) => (
              <option key={value} value={String(value)}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <button
          type="button"
          class="button"
          disabled={busy || (run !== null && run.state !== "done")}
          onClick={() =>
            void attempt(async () =>
              setRun(await room.handle.call("dry-run:create", { rule: ruleOf(draft), days })),
            )
          }
        >
          Try it
        </button>
      </div>
      {problem !== "" && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      {run !== null && <Outcome run={run} />}
    </section>
  );
}

function Outcome({ run }: { run: Run }) {
  const { state, progress, messages, hits, people, moderators, most, samples } = run;
  if (state !== "done") {
    return (
      <label class="progress">
        <span>{counted(messages, "message")} looked at …</span>
        <progress max={1} value={progress} />
      </label>
    );
  }
  return (
    <div class="preview" role="status">
      <p>
        <b>
          {hits === 0
            ? `None of ${counted(messages, "message")}.`
            : `${counted(hits, "hit")} in ${counted(messages, "message")}, of ${counted(people, "person", "people")}.`}
        </b>
      </p>
      {moderators > 0 && (
        <p class="standing">
          {moderators === 1 ? "One of them leads" : `${moderators} of them lead`} this room.
        </p>
      )}
      {most.length > 0 && (
        <p class="none">
          Most:{" "}
          {most.map(({ name, hits: times }) => `${name} (${times.toLocaleString()})`).join(", ")}
        </p>
      )}
      <ul>
        {samples.map(({ seq, by, text }) => (
          <li key={seq}>
            <b>{by.name}</b> {text}
          </li>
        ))}
      </ul>
    </div>
  );
}

const POLL_MS = 300;
