import { useRef, useState } from "preact/hooks";

import { MAX_NAME_CODE_POINTS } from "../../client/index.ts";
import { sentenceOf } from "../session/refusal.ts";
import { dropIn, lastName } from "../session/session.ts";
import { useFocus } from "./use-focus.ts";

/** Asks for a name, and drops in with it. */
export function NameForm({ action, onDone }: { action: string; onDone?: () => void }) {
  const [name, setName] = useState(lastName);
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  useFocus(field);

  const submit = async () => {
    if (name.trim() === "") {
      setProblem("What should people call you?");
      return;
    }
    setBusy(true);
    try {
      await dropIn(name.trim());
      onDone?.();
    } catch (error) {
      setProblem(sentenceOf(error));
    } finally {
      setBusy(false);
    }
  };

  return (
    <form
      class="name-form"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <label for="your-name">What should people call you?</label>
      <div class="name-row">
        <input
          id="your-name"
          name="name"
          autocomplete="nickname"
          ref={field}
          maxLength={MAX_NAME_CODE_POINTS}
          placeholder="Your name"
          value={name}
          aria-invalid={problem !== ""}
          aria-describedby="name-problem"
          onInput={(event) => {
            setName(event.currentTarget.value);
            setProblem("");
          }}
        />
        <button type="submit" class="primary" disabled={busy}>
          {action}
        </button>
      </div>
      <p id="name-problem" class="problem" role="alert">
        {problem}
      </p>
    </form>
  );
}
