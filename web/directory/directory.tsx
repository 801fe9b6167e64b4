import { useEffect, useState } from "preact/hooks";

import { navigate, roomPath } from "../navigation/route.ts";
import { Icon } from "../parts/icon.tsx";
import { later } from "../parts/later.tsx";
import { NameForm } from "../parts/name-form.tsx";
import { Segments } from "../parts/segments.tsx";
import { Swirl } from "../parts/swirl.tsx";
import { client, session } from "../session/session.ts";
import { TopBar } from "../top-bar.tsx";
import { RoomCard } from "./room-card.tsx";
import {
  findRooms,
  rooms,
  roomsProblem,
  sort,
  tags,
  wanted,
  wantedTag,
  type Sort,
} from "./rooms.ts";
import { findUnread, followReading } from "./unread.ts";

const NewRoom = later(() => import("./new-room.tsx").then((m) => m.NewRoom));

/** The rooms one can drop in to. */
export function Directory() {
  const [opening, setOpening] = useState(false);
  const isKnown = session.value !== null;

  useEffect(() => {
    document.title = "Eddy";
    void findRooms();
    const again = setInterval(() => {
      if (document.visibilityState === "visible") void findRooms();
    }, REFRESH_MS);
    return () => clearInterval(again);
  }, []);

  const line = client.value;
  useEffect(() => {
    if (line === null) return;
    void findUnread(line);
    const off = followReading(line);
    const again = setInterval(() => {
      if (document.visibilityState === "visible") void findUnread(line);
    }, REFRESH_MS);
    return () => {
      off();
      clearInterval(again);
    };
  }, [line]);

  return (
    <div class="directory">
      <TopBar />
      <main>
        {isKnown ? <Greeting /> : <Welcome onNoRoom={() => setOpening(true)} />}
        <section class="rooms" aria-labelledby="rooms-title">
          <div class="rooms-head">
            <h2 id="rooms-title">Rooms</h2>
            <Segments
              legend="Which rooms"
              name="sort"
              options={sorts}
              value={sort.value}
              onChoose={(value) => (sort.value = value)}
            />
            <label class="search">
              <Icon name="search" size={18} />
              <span class="unseen">Search by title or topic</span>
              <input
                type="search"
                placeholder="Search by title or topic"
                value={wanted.value}
                onInput={(event) => (wanted.value = event.currentTarget.value)}
              />
            </label>
            {isKnown && (
              <button type="button" class="primary new-room" onClick={() => setOpening(true)}>
                <Icon name="plus" size={18} /> Open a room
              </button>
            )}
          </div>
          <Tags />
          <Found onOpen={() => setOpening(true)} />
        </section>
      </main>
      {opening && session.value !== null && <NewRoom onClose={() => setOpening(false)} />}
    </div>
  );
}

function Welcome({ onNoRoom }: { onNoRoom: () => void }) {
  const [liveliest] = rooms.value ?? [];
  const where = liveliest === undefined ? "Drop in" : `Drop in to ${liveliest.title}`;
  return (
    <section class="welcome">
      <div class="welcome-words">
        <h1>
          Come on in, <br />
          the water’s fine.
        </h1>
        <p>Rooms that never end. Say a name, and you are talking.</p>
        <NameForm
          action={where}
          onDone={() => {
            if (liveliest === undefined) onNoRoom();
            else navigate(roomPath(liveliest.slug));
          }}
        />
      </div>
      <Swirl />
    </section>
  );
}

function Greeting() {
  return (
    <section class="greeting">
      <h1>Where to, {session.value?.user.name}?</h1>
    </section>
  );
}

const sorts: [Sort, string][] = [
  ["live", "Lively"],
  ["new", "New"],
  ["mine", "Been there"],
];

/** What rooms are about: one of these, or anything. */
function Tags() {
  if (tags.value.length === 0) return null;
  return (
    <ul class="tag-choice" aria-label="Rooms about">
      {tags.value.map((tag) => (
        <li key={tag}>
          <button
            type="button"
            class="tag"
            aria-pressed={wantedTag.value === tag}
            onClick={() => (wantedTag.value = wantedTag.value === tag ? null : tag)}
          >
            {tag}
          </button>
        </li>
      ))}
    </ul>
  );
}

function Found({ onOpen }: { onOpen: () => void }) {
  if (rooms.value === null) {
    if (roomsProblem.value !== "") return <p class="problem">{roomsProblem.value}</p>;
    return (
      <ul key="awaited" class="room-grid" aria-hidden="true">
        {[1, 2, 3, 4, 5, 6].map((index) => (
          <li key={index} class="room-card is-awaited" />
        ))}
      </ul>
    );
  }
  if (rooms.value.length === 0) return <Nothing onOpen={onOpen} />;
  return (
    <ul key="found" class="room-grid">
      {rooms.value.map((room) => (
        <RoomCard key={room.id} room={room} />
      ))}
    </ul>
  );
}

function Nothing({ onOpen }: { onOpen: () => void }) {
  const isSearch = wanted.value.trim() !== "" || wantedTag.value !== null || sort.value === "mine";
  return (
    <div class="nothing">
      <Icon name="wave" size={40} />
      <p>{isSearch ? "No room like that here." : "It is quiet here: no room is open yet."}</p>
      {!isSearch && session.value !== null && (
        <button type="button" class="primary" onClick={onOpen}>
          Open the first one
        </button>
      )}
    </div>
  );
}

const REFRESH_MS = 15_000;
