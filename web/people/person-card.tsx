import { Avatar } from "../parts/avatar.tsx";
import { Dialog } from "../parts/dialog.tsx";
import type { Desk } from "../room/desk.ts";
import type { OpenRoom } from "../room/open-room.ts";
import { personIn, roleIn } from "./roster.ts";

/** What there is to know of the one whose card is open. */
export function PersonCard({ room, desk }: { room: OpenRoom; desk: Desk }) {
  const open = desk.person.value;
  const person = open === null ? undefined : personIn(room, desk, open);
  if (person === undefined) return null;
  const role = roleIn(room, desk, person.id);
  const isHere = room.presence.value.users.some(({ id }) => id === person.id);
  return (
    <Dialog title={person.name} onClose={() => (desk.person.value = null)}>
      <div class="person-card">
        <Avatar
          id={person.id}
          name={person.name}
          picture={person.picture}
          size={72}
          present={isHere}
        />
        {person.handle !== undefined && <p class="handle">@{person.handle}</p>}
        {person.headline !== undefined && <p>{person.headline}</p>}
        <p class="person-facts">
          {isHere ? "Here now" : "Not here"}
          {role !== null && ` · ${role}`}
        </p>
      </div>
    </Dialog>
  );
}
