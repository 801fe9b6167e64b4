import { useEffect, useRef, useState } from "preact/hooks";

import type { Case } from "../../client/index.ts";
import { Segments } from "../parts/segments.tsx";
import { useAnswer } from "../parts/use-answer.ts";
import type { OpenRoom } from "../room/open-room.ts";
import { client } from "../session/session.ts";
import { CaseView } from "./case-view.tsx";
import { actionWords, headlineOf } from "./case-words.ts";

type State = "waiting" | "resolved";

const states: [State, string][] = [
  ["waiting", "Waiting"],
  ["resolved", "Decided"],
];

/** What moderators have to look at, the most urgent first. Arrow keys go from case to case. */
export function Queue({ room }: { room: OpenRoom }) {
  const [state, setState] = useState<State>("waiting");
  const [openId, setOpenId] = useState<string | null>(null);
  const list = useRef<HTMLUListElement>(null);
  const cases = useAnswer(() => room.handle.call("report:list", { state, limit: 50 }), [state]);
  const latest = useRef(cases.again);
  latest.current = cases.again;
  useEffect(
    () =>
      client.value?.on("case.changed", (changed) => {
        if (changed.room === room.handle.id) void latest.current();
      }),
    [room],
  );

  const items = cases.value?.items ?? [];
  return (
    <>
      <Segments
        legend="Which cases"
        name="cases"
        options={states}
        value={state}
        onChoose={(next) => {
          setOpenId(null);
          setState(next);
        }}
      />
      <p class="problem" role="alert">
        {cases.problem}
      </p>
      {cases.value !== null && items.length === 0 && (
        <p class="none">
          {state === "waiting" ? "Nothing waits. All is well." : "Nothing was decided yet."}
        </p>
      )}
      <ul class="cases" ref={list} onKeyDown={moveAmongCases}>
        {items.map((item) => (
          <li key={item.id}>
            <button
              type="button"
              class="case-head"
              aria-expanded={openId === item.id}
              onClick={() => setOpenId(openId === item.id ? null : item.id)}
            >
              <b>{headlineOf(item)}</b>
              <small>{standingOf(item, room.me.id)}</small>
            </button>
            {openId === item.id && (
              <CaseView
                item={item}
                room={room}
                onDone={async () => {
                  setOpenId(null);
                  await cases.again();
                  list.current?.querySelector<HTMLElement>(".case-head")?.focus();
                }}
                onChange={cases.again}
              />
            )}
          </li>
        ))}
      </ul>
    </>
  );
}

function standingOf({ priority, claim, resolution }: Case, me: string): string {
  if (resolution !== undefined) {
    return `${actionWords[resolution.action]}: ${resolution.by.name}`;
  }
  if (claim === undefined) return `priority ${priority.points}`;
  return claim.by.id === me ? "claimed by you" : `${claim.by.name} is on it`;
}

function moveAmongCases(event: KeyboardEvent): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const heads = Array.from(
    (event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>(".case-head"),
  );
  const at = heads.indexOf(document.activeElement as HTMLElement);
  if (step === undefined || at === -1) return;
  heads[(at + step + heads.length) % heads.length]?.focus();
  event.preventDefault();
}
