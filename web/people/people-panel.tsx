import { useEffect } from "preact/hooks";

import type { Role } from "../../client/index.ts";
import { Avatar } from "../parts/avatar.tsx";
import { Icon } from "../parts/icon.tsx";
import { readMembers } from "../room/acts.ts";
import type { Desk } from "../room/desk.ts";
import type { OpenRoom, Person } from "../room/open-room.ts";
import { roleIn } from "./roster.ts";

/** Who is here now, and who else belongs here. */
export function PeoplePanel({ room, desk }: { room: OpenRoom; desk: Desk }) {
  const members = desk.members.value;
  const { count, users } = room.presence.value;
  useEffect(() => {
    if (room.state.value !== "live") return;
    void readMembers(room, desk);
  }, [room.state.value, count]);

  const here = new Set<string>(users.map(({ id }) => id));
  const away = members.filter(({ user }) => !here.has(user.id));
  const roleOf = (id: string) => roleIn(room, desk, id);

  return (
    <aside class="people" aria-label="People">
      <header class="people-head">
        <h2>
          Here now <span class="count">{count.toLocaleString()}</span>
        </h2>
        <button
          type="button"
          class="round quiet"
          aria-label="Close the list of people"
          onClick={() => (desk.peopleShown.value = false)}
        >
          <Icon name="close" />
        </button>
      </header>
      <div class="people-scroll">
        <ul>
          {users.map((user) => (
            <PersonRow
              key={user.id}
              person={user}
              role={roleOf(user.id)}
              isMe={user.id === room.me.id}
              isHere
              onOpen={() => (desk.person.value = user.id)}
            />
          ))}
        </ul>
        {count > users.length && <p class="and-more">and {count - users.length} more</p>}
        {away.length > 0 && (
          <>
            <h3>Been here</h3>
            <ul>
              {away.map(({ user }) => (
                <PersonRow
                  key={user.id}
                  person={user}
                  role={roleOf(user.id)}
                  isMe={user.id === room.me.id}
                  isHere={false}
                  onOpen={() => (desk.person.value = user.id)}
                />
              ))}
            </ul>
          </>
        )}
      </div>
    </aside>
  );
}

function PersonRow(props: {
  person: Person;
  role: Role | null;
  isMe: boolean;
  isHere: boolean;
  onOpen: () => void;
}) {
  const { person, role, isMe, isHere, onOpen } = props;
  return (
    <li>
      <button type="button" class={isHere ? "person" : "person is-away"} onClick={onOpen}>
        <Avatar
          id={person.id}
          name={person.name}
          picture={person.picture}
          size={32}
          present={isHere}
        />
        <span class="person-name">
          {person.name}
          {isMe && <small> you</small>}
        </span>
        {(role === "owner" || role === "moderator") && <span class="role">{role}</span>}
      </button>
    </li>
  );
}
