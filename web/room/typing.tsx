import type { OpenRoom } from "./open-room.ts";

/** Who is about to say something. Its line is always there, so that nothing moves. */
export function Typing({ room }: { room: OpenRoom }) {
  const names = room.typing.value;
  return (
    <p class="typing" aria-hidden={names.length === 0}>
      {names.length > 0 && (
        <>
          <span class="dots" aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
          {listed.format(names)} {names.length === 1 ? "is" : "are"} typing
        </>
      )}
    </p>
  );
}

const listed = new Intl.ListFormat("en", { type: "conjunction" });
