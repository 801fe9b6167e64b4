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
            return <Mention key={index} {...piece} room={room} />;
        }
      })}
    </div>
  );
}

/** Someone who is named; an @ before what is nobody's handle stays what it is. */
function Mention({ text, handle, room }: { text: string; handle: string; room: OpenRoom }) {
  const name = nameOf(handle, room);
  if (name === null) return text;
  return (
    <span class={handle === room.me.handle ? "mention is-me" : "mention"} title={text}>
      @{name}
    </span>
  );
}

/** The name behind a handle; of one that was made for a stranger, what it was made from. */
function nameOf(handle: string, { people }: OpenRoom): string | null {
  for (const person of people.value.values()) if (person.handle === handle) return person.name;
  const [, made] = /^(.+)-[0-9a-f]{6}$/u.exec(handle) ?? [];
  return made ?? null;
}
