import { useState } from "preact/hooks";

import {
  MAX_LINE_CODE_POINTS,
  type KnownProfile,
  type ProfileLink,
  type Relation,
} from "../../client/index.ts";
import { embedded, navigate, roomPath } from "../navigation/route.ts";
import { minute } from "../parts/clock.ts";
import { useAnswer, useDoing } from "../parts/use-answer.ts";
import { ask } from "../session/ask.ts";
import { readBlocked } from "./blocked.ts";
import { Introduce } from "./introduce.tsx";

import "../look/known-person.css";

/** What someone says of themselves, what they are to me, and what I can do about that. */
export function KnownPerson({ id, onClose }: { id: string; onClose: () => void }) {
  const known = useAnswer(() => ask("user:get", { user: id }), [id]);
  if (known.problem !== "" && known.value === null) return <p class="problem">{known.problem}</p>;
  // The space that it will take: what is below does not move.
  if (known.value === null) return <div class="known is-awaited" />;
  return (
    <div class="known">
      <Said profile={known.value} />
      <Ours person={known.value} onChanged={known.again} onClose={onClose} />
    </div>
  );
}

function Said({ profile: { headline, links, timeZone } }: { profile: KnownProfile }) {
  return (
    <>
      {headline !== undefined && <p>{headline}</p>}
      {links.length > 0 && (
        <ul class="profile-links">
          {links.map((link) => (
            <li key={link.url}>
              <WebLink {...link} />
            </li>
          ))}
        </ul>
      )}
      {timeZone !== undefined && (
        <p class="person-facts">
          {timeIn(timeZone, minute.value)} in {placeOf(timeZone)}
        </p>
      )}
    </>
  );
}

function WebLink({ title, url }: ProfileLink) {
  return (
    <a href={url} target="_blank" rel="noopener nofollow ugc">
      {title}
    </a>
  );
}

function Ours(props: {
  person: KnownProfile;
  onChanged: () => Promise<void>;
  onClose: () => void;
}) {
  const { person, onChanged, onClose } = props;
  const { id: user, relation } = person;
  const [introducing, setIntroducing] = useState(false);
  const { busy, problem, attempt } = useDoing();
  const change = (doing: () => Promise<unknown>) =>
    void attempt(async () => {
      await doing();
      await onChanged();
    });
  const write = () =>
    void attempt(async () => {
      const room = await ask("direct:open", { user });
      onClose();
      navigate(roomPath(room.slug));
    });

  if (introducing) {
    return <Introduce person={person} onDone={onClose} onBack={() => setIntroducing(false)} />;
  }
  return (
    <>
      <p class="relation">{relationOf(relation)}</p>
      <div class="person-acts">
        {!relation.blocked && (
          <button
            type="button"
            class={relation.following ? "button" : "primary"}
            aria-pressed={relation.following}
            disabled={busy}
            onClick={() =>
              change(() => ask(relation.following ? "contact:remove" : "contact:add", { user }))
            }
          >
            {relation.following ? "Following" : "Follow"}
          </button>
        )}
        {!relation.blocked && !embedded && (
          <button type="button" class="button" disabled={busy} onClick={write}>
            {relation.followsMe ? "Write to them" : "Ask to talk"}
          </button>
        )}
        {relation.connected && !embedded && (
          <button type="button" class="button" onClick={() => setIntroducing(true)}>
            Introduce
          </button>
        )}
        <button
          type="button"
          class="quiet danger"
          disabled={busy}
          onClick={() =>
            change(async () => {
              await ask(relation.blocked ? "block:remove" : "block:add", { user });
              await readBlocked();
            })
          }
        >
          {relation.blocked ? "Unblock" : "Block"}
        </button>
      </div>
      {relation.following && <Note person={person} onChanged={onChanged} />}
      <p class="problem" role="alert">
        {problem}
      </p>
    </>
  );
}

/** What I want to remember about someone. */
function Note({ person, onChanged }: { person: KnownProfile; onChanged: () => Promise<void> }) {
  const { id: user, relation } = person;
  const [note, setNote] = useState(relation.note ?? "");
  const { busy, problem, attempt } = useDoing();
  const isChanged = note.trim() !== (relation.note ?? "");
  return (
    <form
      class="note"
      onSubmit={(event) => {
        event.preventDefault();
        void attempt(async () => {
          await ask("contact:add", { user, note: note.trim() });
          await onChanged();
        });
      }}
    >
      <label class="field">
        <span>
          Note to self <small>only you see it</small>
        </span>
        <input
          name="note"
          maxLength={MAX_LINE_CODE_POINTS}
          placeholder="Where did you meet?"
          value={note}
          onInput={(event) => setNote(event.currentTarget.value)}
        />
      </label>
      <button type="submit" class={isChanged ? "primary" : "quiet"} disabled={busy || !isChanged}>
        {isChanged ? "Keep" : "Kept"}
      </button>
      {problem !== "" && <p class="problem">{problem}</p>}
    </form>
  );
}

function relationOf({ following, followsMe, connected, blocked }: Relation): string {
  if (blocked)
    return "You block them: what they say is folded away, and neither can write to the other.";
  if (connected) return "You follow each other.";
  if (following) return "You follow them.";
  return followsMe ? "They follow you." : "";
}

/** "14:05" where they are. */
function timeIn(timeZone: string, now: number): string {
  const format = { hour: "2-digit", minute: "2-digit", timeZone } as const;
  return new Intl.DateTimeFormat(undefined, format).format(now);
}

function placeOf(timeZone: string): string {
  return (timeZone.split("/").at(-1) ?? timeZone).replaceAll("_", " ");
}
