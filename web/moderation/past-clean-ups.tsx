import { useState } from "preact/hooks";

import type { CommandOutput } from "../../client/index.ts";
import { announce } from "../parts/announce.tsx";
import { agoOf, counted, fullTimeOf, minute } from "../parts/clock.ts";
import { useDoing, type Answer } from "../parts/use-answer.ts";
import { personIn } from "../people/roster.ts";
import type { Desk } from "../room/desk.ts";
import type { OpenRoom } from "../room/open-room.ts";

type Past = CommandOutput<"removal:list">;

/** What was cleaned up before; it can be read and undone for a while. */
export function PastCleanUps(props: { past: Answer<Past>; room: OpenRoom; desk: Desk }) {
  const { past, room, desk } = props;
  const { busy, problem, attempt } = useDoing();
  const items = past.value?.items ?? [];
  if (items.length === 0) return null;
  return (
    <>
      <h3 class="dialog-part">Cleaned up before</h3>
      <ul class="record">
        {items.map((each) => (
          <li key={each.seq}>
            <div class="record-words">
              <p>
                <b>{each.by.name}</b> removed {counted(each.count, "message")}
                {each.author !== undefined &&
                  ` of ${personIn(room, desk, each.author)?.name ?? "someone"}`}
                : {each.reason}
              </p>
              <small title={fullTimeOf(each.at)}>
                {agoOf(each.at, minute.value)}
                {each.undoneAt === undefined
                  ? `; can be undone until ${fullTimeOf(each.undoUntil)}`
                  : "; undone"}
              </small>
              {each.undoneAt === undefined && <Texts seq={each.seq} room={room} desk={desk} />}
            </div>
            {each.undoneAt === undefined && Date.parse(each.undoUntil) > minute.value && (
              <button
                type="button"
                class="button"
                disabled={busy}
                onClick={() =>
                  void attempt(async () => {
                    await room.handle.call("removal:undo", { seq: each.seq });
                    announce("They are back");
                    await past.again();
                  })
                }
              >
                Undo
              </button>
            )}
          </li>
        ))}
      </ul>
      <p class="problem" role="alert">
        {problem}
      </p>
    </>
  );
}

/** What was removed, for those who ask. */
function Texts({ seq, room, desk }: { seq: number; room: OpenRoom; desk: Desk }) {
  const [texts, setTexts] = useState<CommandOutput<"removal:texts"> | null>(null);
  const { problem, attempt } = useDoing();
  return (
    <details
      onToggle={(event) => {
        if (!event.currentTarget.open || texts !== null) return;
        void attempt(async () =>
          setTexts(await room.handle.call("removal:texts", { seq, limit: 50 })),
        );
      }}
    >
      <summary>What was removed</summary>
      <ul class="preview">
        {texts?.items.map((message) => (
          <li key={message.seq}>
            <b>{personIn(room, desk, message.by)?.name ?? "Someone"}</b> {message.text}
          </li>
        ))}
        {texts !== null && texts.nextCursor !== null && <li>and more</li>}
        {problem !== "" && <li class="problem">{problem}</li>}
      </ul>
    </details>
  );
}
