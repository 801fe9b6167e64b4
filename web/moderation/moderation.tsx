import { Dialog } from "../parts/dialog.tsx";
import { Segments } from "../parts/segments.tsx";
import type { Desk, ModerationPart } from "../room/desk.ts";
import type { OpenRoom } from "../room/open-room.ts";
import { Audit } from "./audit.tsx";
import { CleanUp } from "./clean-up.tsx";
import { Filter } from "./filter.tsx";
import { Queue } from "./queue.tsx";

import "../look/moderation.css";

const parts: [ModerationPart, string][] = [
  ["queue", "Queue"],
  ["clean-up", "Clean up"],
  ["filter", "Filter"],
  ["audit", "Record"],
];

/** What those who lead a room have to keep it in order. */
export function Moderation({ room, desk }: { room: OpenRoom; desk: Desk }) {
  const open = desk.moderation.value;
  if (open === null) return null;
  return (
    <Dialog title="Keep order" kind="wide" onClose={() => (desk.moderation.value = null)}>
      <Segments
        legend="What to do"
        name="moderation"
        options={parts}
        value={open.part}
        onChoose={(part) => (desk.moderation.value = { part })}
      />
      <div class="moderation-part">
        {open.part === "queue" && <Queue room={room} />}
        {open.part === "clean-up" && <CleanUp room={room} desk={desk} about={open} />}
        {open.part === "filter" && <Filter room={room} desk={desk} />}
        {open.part === "audit" && <Audit room={room} desk={desk} />}
      </div>
    </Dialog>
  );
}
