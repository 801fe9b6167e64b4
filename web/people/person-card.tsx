import { useState } from "preact/hooks";

import type { Role } from "../../client/index.ts";
import { mayActOn, rolesToGive } from "../moderation/rank.ts";
import { Avatar } from "../parts/avatar.tsx";
import { fullTimeOf, minute } from "../parts/clock.ts";
import { Dialog } from "../parts/dialog.tsx";
import { later } from "../parts/later.tsx";
import { act } from "../room/acts.ts";
import type { Desk } from "../room/desk.ts";
import type { OpenRoom, Person } from "../room/open-room.ts";
import { personIn, roleIn } from "./roster.ts";

const KnownPerson = later(() => import("./known-person.tsx").then((m) => m.KnownPerson));
const SanctionDialog = later(() =>
  import("../moderation/sanction-dialog.tsx").then((m) => m.SanctionDialog),
);
const MyProfile = later(() => import("./my-profile.tsx").then((m) => m.MyProfile));

/** What there is to know of the one whose card is open, and what can be done about them. */
export function PersonCard({ room, desk }: { room: OpenRoom; desk: Desk }) {
  const open = desk.person.value;
  const person = open === null ? undefined : personIn(room, desk, open);
  if (person === undefined) return null;
  return <Card key={person.id} person={person} room={room} desk={desk} />;
}

function Card({ person, room, desk }: { person: Person; room: OpenRoom; desk: Desk }) {
  const [sanctioning, setSanctioning] = useState(false);
  const [changing, setChanging] = useState(false);
  const role = roleIn(room, desk, person.id);
  const isHere = room.presence.value.users.some(({ id }) => id === person.id);
  const isMe = person.id === room.me.id;
  const isBelow = !isMe && mayActOn(room.role.value, role);
  const close = () => (desk.person.value = null);
  if (sanctioning) return <SanctionDialog person={person} room={room} onClose={close} />;
  if (changing) return <MyProfile onClose={close} />;
  return (
    <Dialog title={person.name} onClose={close}>
      <div class="person-card">
        <Avatar
          id={person.id}
          name={person.name}
          picture={person.picture}
          size={72}
          present={isHere}
        />
        {person.handle !== undefined && <p class="handle">@{person.handle}</p>}
        {isMe && person.headline !== undefined && <p>{person.headline}</p>}
        <p class="person-facts">
          {isHere ? "Here now" : "Not here"}
          {role !== null && ` · ${role}`}
        </p>
        <Standing person={person} room={room} />
        {!isMe && <KnownPerson id={person.id} onClose={close} />}
        <div class="person-acts">
          {isMe ? (
            <button type="button" class="button" onClick={() => setChanging(true)}>
              Change my profile
            </button>
          ) : (
            <button
              type="button"
              class="button"
              onClick={() => {
                close();
                desk.mention.value = person.handle ?? person.name;
              }}
            >
              Mention
            </button>
          )}
          {isBelow && (
            <button
              type="button"
              class="button"
              onClick={() => {
                close();
                desk.moderation.value = { part: "clean-up", author: person.id };
              }}
            >
              Clean up after them
            </button>
          )}
          {isBelow && (
            <button type="button" class="button is-danger" onClick={() => setSanctioning(true)}>
              Mute, show out or ban
            </button>
          )}
        </div>
        {!isMe && (isBelow || room.role.value === "owner") && (
          <label class="field role-field">
            <span>Role in this room</span>
            <select
              value={role ?? "guest"}
              onChange={(event) => {
                const next = event.currentTarget.value as Role;
                void act(desk, () =>
                  room.handle.call("member:set-role", { user: person.id, role: next }),
                );
              }}
            >
              {rolesToGive(room.role.value).map((each) => (
                <option key={each} value={each}>
                  {each}
                </option>
              ))}
            </select>
          </label>
        )}
      </div>
    </Dialog>
  );
}

/** Whether someone is muted or banned, and why. */
function Standing({ person, room }: { person: Person; room: OpenRoom }) {
  const { mutes, bans } = room.view.value;
  const ban = bans[person.id];
  const standing = ban ?? mutes[person.id];
  if (standing === undefined) return null;
  const { until, reason, by } = standing;
  if (until !== null && Date.parse(until) <= minute.value) return null;
  return (
    <p class="standing">
      {ban === undefined ? "Muted" : "Banned"} by {by.name}
      {until !== null && ` until ${fullTimeOf(until)}`}: {reason}
    </p>
  );
}
