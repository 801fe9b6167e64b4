import { Directory } from "./directory/directory.tsx";
import { glimpseOf, roomInPage } from "./directory/rooms.ts";
import { route } from "./navigation/route.ts";
import { Announcer } from "./parts/announce.tsx";
import { later } from "./parts/later.tsx";
import { Doorway } from "./room/doorway.tsx";
import { Invitation } from "./room/invitation.tsx";
import { RoomPage } from "./room/room-page.tsx";
import { client, session } from "./session/session.ts";

const SearchPage = later(() => import("./search/search-page.tsx").then((m) => m.SearchPage));
const PeoplePage = later(() => import("./people/people-page.tsx").then((m) => m.PeoplePage));

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
  const isUnnamed = client.value === null;
  const isForKnown = where.page === "people" || where.page === "search";
  if (where.page === "directory" || (isForKnown && isUnnamed)) return <Directory />;
  if (session.value === null || client.value === null) {
    return <Doorway glimpse={where.page === "room" ? glimpseOf(where.room) : roomInPage()} />;
  }
  if (where.page === "people") return <PeoplePage />;
  if (where.page === "search") return <SearchPage q={where.q} />;
  if (where.page === "invitation") return <Invitation client={client.value} code={where.code} />;
  const { user } = session.value;
  const { room, at } = where;
  return (
    <RoomPage key={`${user.id}/${room}`} client={client.value} me={user} room={room} at={at} />
  );
}
