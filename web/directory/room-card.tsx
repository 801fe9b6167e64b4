import { useState } from "preact/hooks";

import type { Room } from "../../client/index.ts";
import { Link } from "../navigation/link.tsx";
import { roomPath } from "../navigation/route.ts";
import { hueOf } from "../parts/avatar.tsx";
import { agoOf, counted, minute } from "../parts/clock.ts";
import { Icon } from "../parts/icon.tsx";
import { later } from "../parts/later.tsx";
import { session } from "../session/session.ts";
import { unreadRooms } from "./unread.ts";

const WeatherPeek = later(() => import("./weather-peek.tsx").then((m) => m.WeatherPeek));

/** A room in the directory, with the weather in it. */
export function RoomCard({ room }: { room: Room }) {
  const { title, topic, slug, tags, live, locked, createdAt } = room;
  const [peeking, setPeeking] = useState(false);
  return (
    <li class="room-card" style={{ "--hue": String(hueOf(room.id)) }}>
      <Link to={roomPath(slug)} class="room-link">
        <h3>
          {title}
          {locked && <Icon name="lock" size={15} />}
          <Unread room={room} />
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
      {session.value !== null && (
        <button
          type="button"
          class="round quiet peek-in"
          aria-label={`How is it in ${title}?`}
          title="How is it there?"
          onClick={() => setPeeking(true)}
        >
          <Icon name="wave" />
        </button>
      )}
      {peeking && <WeatherPeek room={room} onClose={() => setPeeking(false)} />}
    </li>
  );
}

/** How much one has not read there; with a mark when somebody named one. */
function Unread({ room }: { room: Room }) {
  const { unread = 0, mentions = 0 } = unreadRooms.value.get(room.id) ?? {};
  if (unread === 0) return null;
  return (
    <span class={mentions > 0 ? "unread-badge is-for-me" : "unread-badge"}>
      {mentions > 0 && "@ "}
      {unread.toLocaleString()}
      <span class="unseen">{unread === 1 ? " new message" : " new messages"}</span>
    </span>
  );
}
