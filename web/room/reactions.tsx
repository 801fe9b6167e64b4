import type { ViewMessage } from "../../client/index.ts";
import { act, toggleReaction } from "./acts.ts";
import type { Desk } from "./desk.ts";
import type { OpenRoom } from "./open-room.ts";

/** The reactions to a message; a click joins in, or steps back. */
export function Reactions(props: { message: ViewMessage; room: OpenRoom; desk: Desk }) {
  const { message, room, desk } = props;
  if (message.removed || message.reactions.length === 0) return null;
  return (
    <ul class="reactions" aria-label="Reactions">
      {message.reactions.map(({ emoji, by }) => {
        const isMine = by.includes(room.me.id);
        const names = by.slice(0, 8).map((id) => room.people.peek().get(id)?.name ?? "someone");
        return (
          <li key={emoji}>
            <button
              type="button"
              class={isMine ? "reaction is-mine" : "reaction"}
              aria-pressed={isMine}
              aria-label={`${emoji}, ${by.length}: ${names.join(", ")}`}
              title={names.join(", ")}
              onClick={() => void act(desk, () => toggleReaction(room, message, emoji))}
            >
              <span>{emoji}</span>
              <span class="reaction-count">{by.length}</span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}
