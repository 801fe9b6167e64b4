import { useComputed, useSignalEffect } from "@preact/signals";
import { useState } from "preact/hooks";

import { counted } from "../parts/clock.ts";
import { connection, hasNetwork } from "../session/session.ts";
import type { OpenRoom } from "./open-room.ts";

/** Says when we are cut off, and when we are catching up. It lies over the list: nothing moves. */
export function Status({ room }: { room: OpenRoom }) {
  const sentence = useComputed(() => sentenceFor(room));
  const [shown, setShown] = useState("");
  useSignalEffect(() => {
    const next = sentence.value;
    // What lasts an instant is not worth a word.
    const soon = setTimeout(() => setShown(next), next === "" ? 0 : SHORT_MS);
    return () => clearTimeout(soon);
  });
  return (
    <div class="status" role="status">
      {shown !== "" && <p class="status-pill">{shown}</p>}
    </div>
  );
}

function sentenceFor({ state, outgoing }: OpenRoom): string {
  if (state.value === "closed") return "";
  const waiting = outgoing.value.filter((mine) => mine.state === "queued" || mine.state === "sent");
  const kept =
    waiting.length > 0 ? ` ${counted(waiting.length, "message")} of yours will follow.` : "";
  if (!hasNetwork.value) return `You are offline.${kept}`;
  if (connection.value === "offline") return `Cut off. Trying again.${kept}`;
  if (connection.value === "connecting") return `Connecting …${kept}`;
  return state.value === "live" ? "" : "Catching up …";
}

const SHORT_MS = 400;
