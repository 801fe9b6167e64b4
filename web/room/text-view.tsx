import type { OpenRoom } from "./open-room.ts";
import { isOnlyEmoji, piecesOf } from "./pieces.ts";

/** What someone said. */
export function TextView({ text, room }: { text: string; room: OpenRoom }) {
  return (
    <div class={isOnlyEmoji(text) ? "text is-large" : "text"} dir="auto">
      {piecesOf(text).map((piece, index) => {
        switch (piece.kind) {
          case "text":
            return piece.text;
          case "code":
            return <code key={index}>{piece.text}</code>;
          case "link":
            return (
              <a key={index} href={piece.href} target="_blank" rel="noopener nofollow ugc">
                {piece.text}
              </a>
            );
          case "mention":
            return (
              <span
                key={index}
                class={piece.handle === room.me.handle ? "mention is-me" : "mention"}
                title={piece.text}
              >
                @{nameOf(piece.handle, room)}
              </span>
            );
        }
      })}
    </div>
  );
}

/** The name behind a handle; where it is not known, the handle without its number. */
function nameOf(handle: string, { people }: OpenRoom): string {
  for (const person of people.peek().values()) if (person.handle === handle) return person.name;
  return handle.replace(/-[0-9a-f]{6}$/u, "");
}
