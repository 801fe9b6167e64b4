import { useEffect, useState } from "preact/hooks";

import type { CommandInput, CommandOutput } from "../../client/index.ts";
import { agoOf, fullTimeOf, minute } from "../parts/clock.ts";
import { useDoing } from "../parts/use-answer.ts";
import { everyoneIn, personIn } from "../people/roster.ts";
import { readMembers } from "../room/acts.ts";
import type { Desk } from "../room/desk.ts";
import type { OpenRoom } from "../room/open-room.ts";
import { deeds, sentenceFor } from "./audit-words.ts";

type Ask = Omit<CommandInput<"audit:list">, "room">;
type Page = CommandOutput<"audit:list">;
type Entry = Page["items"][number];

const DAY_MS = 86_400_000;
const spans: [number | null, string][] = [
  [null, "Ever"],
  [1, "The last day"],
  [7, "The last week"],
  [30, "The last 30 days"],
];

/** What was done in a room, by whom and why. */
export function Audit({ room, desk }: { room: OpenRoom; desk: Desk }) {
  const [actor, setActor] = useState("");
  const [target, setTarget] = useState("");
  const [action, setAction] = useState("");
  const [days, setDays] = useState<number | null>(null);
  const [shown, setShown] = useState<Page | null>(null);
  const { busy, problem, attempt } = useDoing();
  useEffect(() => void readMembers(room, desk), []);

  const asked: Ask = {
    ...(actor !== "" && { actor }),
    ...(target !== "" && { target }),
    ...(action !== "" && { action }),
    ...(days !== null && { since: new Date(Date.now() - days * DAY_MS).toISOString() }),
  };
  const read = (from?: string) =>
    room.handle.call("audit:list", {
      ...asked,
      limit: 50,
      ...(from !== undefined && { cursor: from }),
    });
  useEffect(() => {
    let isLatest = true;
    void attempt(async () => {
      const page = await read();
      if (isLatest) setShown(page);
    });
    return () => (isLatest = false);
  }, [actor, target, action, days]);
  const readOn = (from: string) =>
    void attempt(async () => {
      const { items, nextCursor } = await read(from);
      setShown({ items: [...(shown?.items ?? []), ...items], nextCursor });
    });

  const cursor = shown?.nextCursor ?? null;
  const people = [...everyoneIn(room, desk).values()]
    .map(({ id, name }) => [id, name] as const)
    .toSorted(([, a], [, b]) => a.localeCompare(b));
  return (
    <>
      <div class="field-row is-four">
        <Choice
          label="Who did it"
          any="Anyone"
          options={people}
          value={actor}
          onChoose={setActor}
        />
        <Choice label="To whom" any="Anyone" options={people} value={target} onChoose={setTarget} />
        <Choice label="What" any="Anything" options={deeds} value={action} onChoose={setAction} />
        <label class="field">
          <span>When</span>
          <select
            value={String(days)}
            onChange={({ currentTarget: { value } }) =>
              setDays(value === "null" ? null : Number(value))
            }
          >
            {spans.map(([value, label]) => (
              <option key={label} value={String(value)}>
                {label}
              </option>
            ))}
          </select>
        </label>
      </div>
      <p class="problem" role="alert">
        {problem}
      </p>
      {shown?.items.length === 0 && <p class="none">Nothing like that was done here.</p>}
      <ul class="record" aria-busy={busy}>
        {shown?.items.map((entry) => (
          <Line key={entry.id} entry={entry} room={room} desk={desk} />
        ))}
      </ul>
      {cursor !== null && (
        <div class="dialog-foot">
          <button type="button" class="button" disabled={busy} onClick={() => readOn(cursor)}>
            Older
          </button>
        </div>
      )}
    </>
  );
}

function Choice(props: {
  label: string;
  any: string;
  options: readonly (readonly [string, string])[];
  value: string;
  onChoose: (value: string) => void;
}) {
  const { label, any, options, value, onChoose } = props;
  return (
    <label class="field">
      <span>{label}</span>
      <select value={value} onChange={(event) => onChoose(event.currentTarget.value)}>
        <option value="">{any}</option>
        {options.map(([each, name]) => (
          <option key={each} value={each}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

function Line({ entry, room, desk }: { entry: Entry; room: OpenRoom; desk: Desk }) {
  const { at, actor, action, target, rule, reason, before, after } = entry;
  const whom = target === undefined ? "" : (personIn(room, desk, target)?.name ?? "someone");
  const isChange = before !== undefined || after !== undefined;
  return (
    <li>
      <div class="record-words">
        <p>
          <b>{actor.name}</b> {sentenceFor(action, whom)}
          {reason !== undefined && `: ${reason}`}
        </p>
        <small title={fullTimeOf(at)}>
          {agoOf(at, minute.value)}
          {rule !== undefined && `; rule ${rule}`}
        </small>
        {isChange && (
          <details>
            <summary>What changed</summary>
            <dl class="change">
              <Side word="Before" value={before} />
              <Side word="After" value={after} />
            </dl>
          </details>
        )}
      </div>
    </li>
  );
}

function Side({ word, value }: { word: string; value: unknown }) {
  if (value === undefined) return null;
  return (
    <>
      <dt>{word}</dt>
      <dd>
        <code>{JSON.stringify(value, null, 1)}</code>
      </dd>
    </>
  );
}
