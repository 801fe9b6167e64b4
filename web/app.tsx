import { Directory } from "./directory/directory.tsx";
import { route } from "./navigation/route.ts";
import { Announcer } from "./parts/announce.tsx";
import { Doorway } from "./room/doorway.tsx";
import { RoomPage } from "./room/room-page.tsx";
import { client, session } from "./session/session.ts";

/** The page: the directory, a room, or the door to one. */
export function App() {
  return (
    <>
      <Place />
      <Announcer />
    </>
  );
}

function Place() {
  const where = route.value;
  if (where.page === "directory") return <Directory />;
  const { room, at } = where;
  if (session.value === null || client.value === null) return <Doorway room={room} />;
  const { user } = session.value;
  return (
    <RoomPage key={`${user.id}/${room}`} client={client.value} me={user} room={room} at={at} />
  );
}
