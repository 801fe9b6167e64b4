import type { User } from "../../client/index.ts";
import { Avatar } from "../parts/avatar.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { KnownPerson } from "./known-person.tsx";

/** Someone's card, wherever they are. */
export function ProfileDialog({ user, onClose }: { user: User; onClose: () => void }) {
  const { id, name, picture, handle } = user;
  return (
    <Dialog title={name} onClose={onClose}>
      <div class="person-card">
        <Avatar id={id} name={name} picture={picture} size={72} />
        {handle !== undefined && <p class="handle">@{handle}</p>}
        <KnownPerson id={id} onClose={onClose} />
      </div>
    </Dialog>
  );
}
