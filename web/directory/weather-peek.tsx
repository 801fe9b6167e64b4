import type { CommandOutput, Room, Weather } from "../../client/index.ts";
import { Link } from "../navigation/link.tsx";
import { roomPath } from "../navigation/route.ts";
import { Avatar } from "../parts/avatar.tsx";
import { agoOf, counted, minute, readingTimeOf } from "../parts/clock.ts";
import { Dialog } from "../parts/dialog.tsx";
import { useAnswer } from "../parts/use-answer.ts";
import { ask } from "../session/ask.ts";

import "../look/weather-peek.css";

type Missed = CommandOutput<"room:missed">;

/** How it is in a room just now, for who thinks of going there. */
export function WeatherPeek({ room, onClose }: { room: Room; onClose: () => void }) {
  const { value, problem } = useAnswer(() => readWeather(room.id), [room.id]);
  return (
    <Dialog title={room.title} onClose={onClose}>
      {value === null ? (
        <p class={problem === "" ? "peek-awaited none" : "problem"}>
          {problem === "" ? "Looking outside …" : problem}
        </p>
      ) : (
        <div class="peek">
          <p class="peek-pace">{paceOf(value.weather)}</p>
          <Speakers weather={value.weather} />
          {value.recent.length > 0 && (
            <section>
              <h3>They talk about</h3>
              <ul class="peek-talk">
                {value.recent.map(({ id, title, messages }) => (
                  <li key={id}>
                    <span>{title}</span> <small>{counted(messages, "message")}</small>
                  </li>
                ))}
              </ul>
            </section>
          )}
          {value.weather.unread > 0 && (
            <p class="peek-missed">
              You missed {counted(value.weather.unread, "message")}:{" "}
              {readingTimeOf(value.missed.readingSeconds)} to read.
            </p>
          )}
          <div class="dialog-foot">
            <Link to={roomPath(room.slug)} class="primary">
              Drop in
            </Link>
          </div>
        </div>
      )}
    </Dialog>
  );
}

/** What I missed there, and what was talked about last, the latest first. */
async function readWeather(
  room: Room["id"],
): Promise<{ weather: Weather; missed: Missed; recent: Missed["conversations"] }> {
  const [weather, missed] = await Promise.all([
    ask("room:weather", { room }),
    ask("room:missed", { room }),
  ]);
  const since = Math.max(0, missed.until - RECENT);
  const { conversations } = await ask("room:missed", { room, since });
  const recent = conversations
    .filter(({ title }) => title !== "")
    .toSorted((a, b) => b.to - a.to)
    .slice(0, MOST_TALK);
  return { weather, missed, recent };
}

function Speakers({ weather: { present, speakers, lastMessageAt } }: { weather: Weather }) {
  const names = speakers.slice(0, MOST_NAMES).map(({ user }) => user.name);
  return (
    <div class="peek-who">
      {speakers.length > 0 && (
        <span class="peek-faces">
          {speakers.slice(0, MOST_NAMES).map(({ user: { id, name, picture } }) => (
            <Avatar key={id} id={id} name={name} picture={picture} size={34} />
          ))}
        </span>
      )}
      <p>
        {present === 0
          ? "Nobody is here now."
          : `${counted(present, "person", "people")} here now.`}{" "}
        {names.length > 0 && `${listed.format(names)} ${names.length === 1 ? "speaks" : "speak"}.`}
        {names.length === 0 &&
          lastMessageAt !== undefined &&
          `Somebody spoke ${agoOf(lastMessageAt, minute.value)}.`}
      </p>
    </div>
  );
}

function paceOf({ perMinute, trend }: Weather): string {
  const drift = { rising: ", and rising", steady: "", falling: ", and calming down" }[trend];
  if (perMinute === 0) return "Still water";
  if (perMinute < 1) return `A word now and then${drift}`;
  return `${perMinute < 6 ? "A steady flow" : "White water"}: ${counted(Math.round(perMinute), "message")} a minute${drift}`;
}

const listed = new Intl.ListFormat("en", { type: "conjunction" });
const MOST_NAMES = 4;
const MOST_TALK = 3;
/** What was said before these many messages is not what it is about now. */
const RECENT = 200;
