import { whoIsMeant, type Meant } from "./mentioned.ts";
import type { OpenRoom } from "./open-room.ts";
import { isOnlyEmoji, piecesOf } from "./pieces.ts";

/** What someone said; `mentions` are the ids of whom the server found named in it. */
export function TextView(props: { text: string; mentions?: readonly string[]; room: OpenRoom }) {
  const { text, mentions = [], room } = props;
  const meant = whoIsMeant({ text, mentions }, room.people.value);
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
              <Mention key={index} {...piece} meant={meant.get(piece.handle)} me={room.me.id} />
            );
        }
      })}
    </div>
  );
}

/** Someone who is named; an @ before what is nobody's handle stays what it is. */
function Mention(props: { text: string; handle: string; meant: Meant | undefined; me: string }) {
  const { text, handle, meant, me } = props;
  const name = meant?.name ?? madeFrom(handle);
  if (name === null) return text;
  return (
    <span class={meant?.id === me ? "mention is-me" : "mention"} title={text}>
      @{name}
    </span>
  );
}

/** What a handle was made from, where it was made for a stranger. */
function madeFrom(handle: string): string | null {
  const [, made] = /^(.+)-[0-9a-f]{6}$/u.exec(handle) ?? [];
  return made ?? null;
}
