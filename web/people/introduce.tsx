import { useState } from "preact/hooks";

import type { KnownProfile } from "../../client/index.ts";
import { navigate, roomPath } from "../navigation/route.ts";
import { useAnswer, useDoing } from "../parts/use-answer.ts";
import { ask } from "../session/ask.ts";

/** Brings someone together with another whom I am connected with. */
export function Introduce(props: { person: KnownProfile; onDone: () => void; onBack: () => void }) {
  const { person, onDone, onBack } = props;
  const [other, setOther] = useState("");
  const [text, setText] = useState("");
  const connected = useAnswer(() => ask("contact:list", { show: "connected", limit: 200 }), []);
  const { busy, problem, attempt } = useDoing();
  const others = connected.value?.items.filter(({ user }) => user.id !== person.id) ?? [];
  const chosen = others.find(({ user }) => user.id === other)?.user;

  if (connected.value !== null && others.length === 0) {
    return (
      <>
        <p class="none">There is nobody else yet with whom you follow each other.</p>
        <button type="button" class="quiet" onClick={onBack}>
          Back
        </button>
      </>
    );
  }
  return (
    <form
      class="fields introduce"
      onSubmit={(event) => {
        event.preventDefault();
        if (chosen === undefined || text.trim() === "") return;
        void attempt(async () => {
          const room = await ask("introduction:make", {
            users: [person.id, chosen.id],
            text: text.trim(),
          });
          onDone();
          navigate(roomPath(room.slug));
        });
      }}
    >
      <label class="field">
        <span>Introduce {person.name} to</span>
        <select value={other} onChange={(event) => setOther(event.currentTarget.value)}>
          <option value="">Someone you know …</option>
          {others.map(({ user }) => (
            <option key={user.id} value={user.id}>
              {user.name}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span>First line</span>
        <input
          name="line"
          placeholder="You two should talk about boats"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </label>
      <p class="problem" role="alert">
        {problem === "" ? connected.problem : problem}
      </p>
      <div class="dialog-foot">
        <button type="button" class="quiet" onClick={onBack}>
          Back
        </button>
        <button
          type="submit"
          class="primary"
          disabled={busy || chosen === undefined || text.trim() === ""}
        >
          Introduce them
        </button>
      </div>
    </form>
  );
}
