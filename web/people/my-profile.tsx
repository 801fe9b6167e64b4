import { useState } from "preact/hooks";

import {
  MAX_LINE_CODE_POINTS,
  MAX_NAME_CODE_POINTS,
  type CommandInput,
  type MyProfile as Mine,
} from "../../client/index.ts";
import { announce } from "../parts/announce.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { useAnswer, useDoing } from "../parts/use-answer.ts";
import { ask } from "../session/ask.ts";
import { nameMeAnew } from "../session/session.ts";
import { LinkFields, toLinks } from "./link-fields.tsx";

import "../look/known-person.css";

type Draft = ReturnType<typeof draftOf>;
type Changes = CommandInput<"me:update">;

/** What I say of myself. */
export function MyProfile({ onClose }: { onClose: () => void }) {
  const mine = useAnswer(() => ask("me:get", {}), []);
  return (
    <Dialog title="My profile" onClose={onClose}>
      {mine.value === null ? (
        <p class={mine.problem === "" ? "profile-awaited none" : "problem"}>
          {mine.problem === "" ? "Looking …" : mine.problem}
        </p>
      ) : (
        <Form known={mine.value} onClose={onClose} />
      )}
    </Dialog>
  );
}

function Form({ known, onClose }: { known: Mine; onClose: () => void }) {
  const [draft, setDraft] = useState(() => draftOf(known));
  const { busy, problem, attempt } = useDoing();
  const change = (part: Partial<Draft>) => setDraft({ ...draft, ...part });
  const save = async () => {
    const changes = changesOf(known, draft);
    const done = await attempt(async () => {
      if (Object.keys(changes).length === 0) return;
      const {
        links: _links,
        timeZone: _zone,
        meetings: _meetings,
        ...user
      } = await ask("me:update", changes);
      nameMeAnew(user);
      announce("Your profile is changed");
    });
    if (done) onClose();
  };

  return (
    <form
      class="fields"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <label class="field">
        <span>Name</span>
        <input
          name="name"
          autocomplete="nickname"
          maxLength={MAX_NAME_CODE_POINTS}
          value={draft.name}
          onInput={(event) => change({ name: event.currentTarget.value })}
        />
      </label>
      <label class="field">
        <span>
          Handle <small>what others write after @ to name you</small>
        </span>
        <input
          name="handle"
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          maxLength={30}
          value={draft.handle}
          onInput={(event) => change({ handle: event.currentTarget.value })}
        />
      </label>
      <label class="field">
        <span>
          Headline <small>optional</small>
        </span>
        <input
          name="headline"
          maxLength={MAX_LINE_CODE_POINTS}
          placeholder="What you are up to"
          value={draft.headline}
          onInput={(event) => change({ headline: event.currentTarget.value })}
        />
      </label>
      <label class="field">
        <span>
          Time zone <small>others see what time it is where you are</small>
        </span>
        <select
          value={draft.timeZone}
          onChange={(event) => change({ timeZone: event.currentTarget.value })}
        >
          <option value="">Not shown</option>
          {zonesWith(draft.timeZone).map((zone) => (
            <option key={zone} value={zone}>
              {zone.replaceAll("_", " ")}
            </option>
          ))}
        </select>
      </label>
      <LinkFields links={draft.links} onChange={(links) => change({ links })} />
      <label class="choice">
        <input
          type="checkbox"
          checked={draft.meetings}
          onChange={(event) => change({ meetings: event.currentTarget.checked })}
        />
        <span>
          <b>Let people find me again</b>
          <small>Shows me to those who keep meeting me, or were away while I spoke.</small>
        </span>
      </label>
      <p class="problem" role="alert">
        {problem}
      </p>
      <div class="dialog-foot">
        <button type="button" class="quiet" onClick={onClose}>
          Cancel
        </button>
        <button type="submit" class="primary" disabled={busy}>
          Save
        </button>
      </div>
    </form>
  );
}

function draftOf({ name, handle = "", headline = "", timeZone = "", links, meetings }: Mine) {
  return { name, handle, headline, timeZone, links, meetings };
}

function changesOf(known: Mine, draft: Draft): Changes {
  const before = draftOf(known);
  const { name, handle, headline, timeZone, meetings } = draft;
  const links = toLinks(draft.links);
  return {
    ...(name.trim() !== before.name && { name: name.trim() }),
    ...(handle.trim() !== before.handle && { handle: handle.trim() }),
    ...(headline.trim() !== before.headline && { headline: headline.trim() }),
    ...(timeZone !== before.timeZone && { timeZone }),
    ...(meetings !== before.meetings && { meetings }),
    ...(JSON.stringify(links) !== JSON.stringify(before.links) && { links }),
  };
}

/** The zones that this browser knows, mine first. */
function zonesWith(chosen: string): string[] {
  const here = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  const all = [here, chosen, ...Intl.supportedValuesOf("timeZone")];
  return [...new Set(all)].filter((zone) => zone !== "");
}
