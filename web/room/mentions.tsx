import { Avatar } from "../parts/avatar.tsx";
import { everyoneIn } from "../people/roster.ts";
import type { Desk } from "./desk.ts";
import type { OpenRoom, Person } from "./open-room.ts";

/** The beginning of a name that is being written after an @, and where it begins; null when none is. */
export function mentionAt(text: string, caret: number): { from: number; prefix: string } | null {
  if (caret < 0) return null;
  const [whole, prefix] =
    /(?<![\p{L}\p{N}_-])@([\p{L}\p{N}_-]{0,32})$/u.exec(text.slice(0, caret)) ?? [];
  if (whole === undefined || prefix === undefined) return null;
  return { from: caret - whole.length, prefix: prefix.toLocaleLowerCase() };
}

/** Who may be meant: those here first. Nobody is reached but by a handle. */
export function mentionable(room: OpenRoom, desk: Desk, prefix: string | null): Person[] {
  if (prefix === null) return [];
  const here = new Set<string>(room.presence.value.users.map(({ id }) => id));
  return [...everyoneIn(room, desk).values()]
    .filter(({ id, name, handle }) => {
      if (id === room.me.id || handle === undefined) return false;
      const words = [handle, ...name.toLocaleLowerCase().split(/\s+/u)];
      return words.some((word) => word.startsWith(prefix));
    })
    .toSorted((a, b) => Number(here.has(b.id)) - Number(here.has(a.id)))
    .slice(0, MOST_SHOWN);
}

/** The names to choose from. */
export function Mentions(props: {
  people: readonly Person[];
  chosen: number;
  onChoose: (index: number) => void;
}) {
  return (
    <ul class="mentions" id="mentions" role="listbox" aria-label="People">
      {props.people.map(({ id, name, handle, picture }, index) => (
        <li
          key={id}
          id={`mention-${index}`}
          role="option"
          aria-selected={index === props.chosen}
          class={index === props.chosen ? "is-chosen" : ""}
          onPointerDown={(event) => {
            event.preventDefault();
            props.onChoose(index);
          }}
        >
          <Avatar id={id} name={name} picture={picture} size={26} />
          <b>{name}</b>
          {handle !== undefined && <span class="handle">@{handle}</span>}
        </li>
      ))}
    </ul>
  );
}

const MOST_SHOWN = 6;
