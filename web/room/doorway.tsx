import { useEffect } from "preact/hooks";

import type { Glimpse } from "../directory/rooms.ts";
import { counted } from "../parts/clock.ts";
import { NameForm } from "../parts/name-form.tsx";
import { Swirl } from "../parts/swirl.tsx";
import { TopBar } from "../top-bar.tsx";

/** The door of a room: what is behind it, and a place for a name. */
export function Doorway({ glimpse }: { glimpse: Glimpse | null }) {
  const title = glimpse?.title ?? "A room";
  useEffect(() => {
    document.title = `${title} · Eddy`;
  }, [title]);
  return (
    <div class="doorway">
      <TopBar />
      <main class="doorway-card">
        <p class="doorway-kicker">{kickerOf(glimpse?.live.present ?? 0)}</p>
        <h1>{title}</h1>
        {glimpse !== null && glimpse.topic !== "" && <p class="topic">{glimpse.topic}</p>}
        {glimpse !== null && glimpse.live.messagesLast5m > 0 && (
          <p class="doorway-pace">
            {counted(glimpse.live.messagesLast5m, "message")} in the last five minutes
          </p>
        )}
        <NameForm action="Drop in" />
      </main>
      <Swirl />
    </div>
  );
}

function kickerOf(present: number): string {
  if (present === 0) return "The water is calm";
  return present === 1
    ? "One person is here now"
    : `${present.toLocaleString()} people are here now`;
}
