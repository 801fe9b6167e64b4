import { counted } from "../parts/clock.ts";
import { Icon } from "../parts/icon.tsx";
import { act } from "./acts.ts";
import type { Desk } from "./desk.ts";
import type { OpenRoom } from "./open-room.ts";

/** Tells who comes back after long how much is above what they see, and leads to its beginning. */
export function Missed({ room, desk }: { room: OpenRoom; desk: Desk }) {
  const { reading } = room;
  const line = reading.lineAfter.value;
  if (line === null || line >= room.view.value.start) return null;
  return (
    <div class="missed">
      <button
        type="button"
        class="missed-go"
        onClick={() => void act(desk, () => desk.goToFirstAfter(line))}
      >
        {counted(reading.unreadAtEntry.value, "new message")} since you were here · Go to the first
      </button>
      <button type="button" class="missed-go" onClick={() => (desk.digestSince.value = line)}>
        What happened?
      </button>
      <button
        type="button"
        class="round quiet small"
        aria-label="Mark all as read"
        title="Mark all as read"
        onClick={() => void act(desk, () => reading.readAll())}
      >
        <Icon name="close" size={16} />
      </button>
    </div>
  );
}
