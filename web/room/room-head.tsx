import { glimpseOf } from "../directory/rooms.ts";
import { useWaiting } from "../moderation/use-waiting.ts";
import { Link } from "../navigation/link.tsx";
import { embedded, searchPath } from "../navigation/route.ts";
import { Avatar } from "../parts/avatar.tsx";
import { Icon } from "../parts/icon.tsx";
import { leads } from "./acts.ts";
import type { Desk } from "./desk.ts";
import type { OpenRoom } from "./open-room.ts";

/** What the room is about, and who is here. */
export function RoomHead({ room, desk, title }: { room: OpenRoom; desk: Desk; title: string }) {
  const known = room.room.value;
  const waiting = useWaiting(room);
  const untitled = room.closed.value === null ? "\u00A0" : "At the door";
  const { count, users } = room.presence.value;
  const topic = known?.topic ?? glimpseOf(room.handle.ref)?.topic ?? "";
  const pins = room.view.value.pins.length;
  return (
    <header class="room-head">
      {!embedded && (
        <Link to="/" class="round quiet" label="All rooms">
          <Icon name="back" />
        </Link>
      )}
      <div class="room-name">
        <h1>
          {title === "" ? untitled : title}
          {known?.locked === true && <Icon name="lock" size={16} />}
        </h1>
        {topic !== "" && <p class="topic">{topic}</p>}
      </div>
      {!embedded && known !== null && (
        <Link to={searchPath(`in:${known.slug} `)} class="round quiet" label="Search in this room">
          <Icon name="search" />
        </Link>
      )}
      {pins > 0 && (
        <button
          type="button"
          class="quiet with-count"
          aria-label={`Pinned messages: ${pins}`}
          onClick={() => (desk.pinsShown.value = true)}
        >
          <Icon name="pin" />
          <span>{pins}</span>
        </button>
      )}
      {known !== null && (known.visibility !== "private" || leads(room)) && (
        <button
          type="button"
          class="round quiet"
          aria-label="Bring someone in"
          onClick={() => (desk.shareShown.value = true)}
        >
          <Icon name="link" />
        </button>
      )}
      {leads(room) && (
        <button
          type="button"
          class={waiting > 0 ? "quiet with-count" : "round quiet"}
          aria-label={waiting > 0 ? `Keep order: ${waiting} waiting` : "Keep order"}
          onClick={() => (desk.moderation.value = { part: waiting > 0 ? "queue" : "clean-up" })}
        >
          <Icon name="shield" />
          {waiting > 0 && <span>{waiting}</span>}
        </button>
      )}
      {leads(room) && (
        <button
          type="button"
          class="round quiet"
          aria-label="About this room"
          onClick={() => (desk.settingsShown.value = true)}
        >
          <Icon name="gear" />
        </button>
      )}
      <button
        type="button"
        class="faces quiet"
        aria-expanded={desk.peopleShown.value}
        aria-label={`People: ${count} here`}
        onClick={() => (desk.peopleShown.value = !desk.peopleShown.value)}
      >
        <span class="face-row">
          {users.slice(0, 4).map(({ id, name, picture }) => (
            <Avatar key={id} id={id} name={name} picture={picture} size={28} />
          ))}
        </span>
        <Icon name="people" />
        <span class="face-count">{count.toLocaleString()}</span>
      </button>
    </header>
  );
}
