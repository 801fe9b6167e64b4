import type { Room } from "../../client/index.ts";
import { Link } from "../navigation/link.tsx";
import { roomPath } from "../navigation/route.ts";
import { hueOf } from "../parts/avatar.tsx";
import { agoOf, counted, minute } from "../parts/clock.ts";
import { Icon } from "../parts/icon.tsx";

/** A room in the directory, with the weather in it. */
export function RoomCard({ room }: { room: Room }) {
  const { title, topic, slug, tags, live, locked, createdAt } = room;
  return (
    <li class="room-card" style={{ "--hue": String(hueOf(room.id)) }}>
      <Link to={roomPath(slug)} class="room-link">
        <h3>
          {title}
          {locked && <Icon name="lock" size={15} />}
        </h3>
        {topic !== "" && <p class="topic">{topic}</p>}
        {tags.length > 0 && (
          <ul class="tags">
            {tags.map((tag) => (
              <li key={tag}>{tag}</li>
            ))}
          </ul>
        )}
        <p class="weather">
          <span class={live.present > 0 ? "here is-warm" : "here"}>
            {live.present > 0 ? `${live.present.toLocaleString()} here` : "Nobody here"}
          </span>
          <span>
            {live.messagesLast5m > 0
              ? `${counted(live.messagesLast5m, "message")} just now`
              : `opened ${agoOf(createdAt, minute.value)}`}
          </span>
        </p>
      </Link>
    </li>
  );
}
