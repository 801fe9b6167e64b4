import { useEffect, useState } from "preact/hooks";

import { MAX_LINE_CODE_POINTS } from "../../client/index.ts";
import { useAnswer, useDoing } from "../parts/use-answer.ts";
import { client } from "../session/session.ts";
import type { OpenRoom } from "./open-room.ts";

/** Where a room is none for us: it may be private, and let people ask to join. */
export function AtTheDoor({ room, onComeBack }: { room: OpenRoom; onComeBack: () => void }) {
  const { ref } = room.handle;
  const [line, setLine] = useState("");
  const { busy, problem, attempt } = useDoing();
  const door = useAnswer(async () => client.value?.call("join:door", { room: ref }), [ref]);
  useEffect(
    () =>
      client.value?.on("notice.added", ({ item }) => {
        if (item.room !== door.value?.id) return;
        if (item.kind === "join.approved") onComeBack();
        else void door.again();
      }),
    [door.value?.id],
  );
  const ask = () =>
    void attempt(async () => {
      const said = line.trim() === "" ? {} : { line: line.trim() };
      await client.value?.call("join:ask", { room: ref, ...said });
      await door.again();
    });

  const known = door.value;
  if (known === null || known === undefined) {
    return <p>{door.problem === "" ? "" : <b>There is no such room.</b>}</p>;
  }
  if (known.asked) {
    return (
      <p>
        <b>You have asked to join “{known.title}”.</b> You will be let in when a moderator agrees.
      </p>
    );
  }
  return (
    <form
      class="fields"
      onSubmit={(event) => {
        event.preventDefault();
        ask();
      }}
    >
      <p>
        <b>“{known.title}” is private.</b> You may ask to join it.
      </p>
      <label class="field">
        <span>
          A line for its moderators <small>optional</small>
        </span>
        <input
          name="line"
          maxLength={MAX_LINE_CODE_POINTS}
          value={line}
          onInput={(event) => setLine(event.currentTarget.value)}
        />
      </label>
      <p class="problem" role="alert">
        {problem}
      </p>
      <button type="submit" class="primary" disabled={busy}>
        Ask to join
      </button>
    </form>
  );
}
