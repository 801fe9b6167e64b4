import { listRooms, listTags, readRecentTalk } from "../../db/postgres/directory.ts";
import { findMember } from "../../db/postgres/members.ts";
import { findUsers } from "../../db/postgres/users.ts";
import { countPresent, readPeopled } from "../../db/redis/presence.ts";
import { RoomId } from "../../protocol/ids.ts";
import type { Trend } from "../../protocol/shapes.ts";
import type { PlainAct, RoomAct } from "./act.ts";
import { decodeCursor, notOurs, pageOf } from "./paging.ts";
import { roomOf } from "./room-view.ts";
import { signedIn } from "./signed-in.ts";

/** Rooms with people in them that warmth looks at; beyond, messages alone tell. */
const MOST_PEOPLED = 2_000;
/** Speakers that a room's weather names. */
const MOST_SPEAKERS = 10;

/** Public rooms or the caller's, the warmest or the newest first. */
export const showRooms: PlainAct<"room:list"> = async ({ stores }, caller, input) => {
  const { sort, show, q, tag, cursor, limit } = input;
  const values = decodeCursor(cursor);
  const rows = await listRooms(stores.store, {
    sort,
    memberOnly: show === "mine" ? signedIn(caller).user.id : null,
    q,
    tag,
    peopled: sort === "live" ? await readPeopled(stores.link, MOST_PEOPLED) : [],
    after: values === null ? null : placeOf(values),
    limit: limit + 1,
  });
  const { items, nextCursor } = pageOf(rows, limit, ({ warmth, id }) => [warmth, id]);
  const present = await countPresent(
    stores.link,
    items.map(({ id }) => id),
  );
  return {
    items: items.map((row, i) =>
      roomOf(row, { present: present[i] ?? 0, messagesLast5m: row.messagesLast5m }),
    ),
    nextCursor,
  };
};

function placeOf([warmth, id]: unknown[]): { warmth: number; id: RoomId } {
  const room = RoomId.safeParse(id);
  if (typeof warmth !== "number" || !Number.isInteger(warmth) || !room.success) throw notOurs();
  if (Math.abs(warmth) > 1_000_000) throw notOurs();
  return { warmth, id: room.data };
}

/** Tags of public rooms, the most used first. */
export const showTags: PlainAct<"tag:list"> = async ({ stores }, _caller, { limit }) => ({
  items: await listTags(stores.store, limit),
});

/** How it is in a room just now. */
export const showWeather: RoomAct<"room:weather"> = async (deps, call) => {
  const { store, link } = deps.stores;
  const room = call.rules.row.id;
  const reader = call.caller.user.id;
  const [talk, [present = 0], member] = await Promise.all([
    readRecentTalk(store, { room, reader, speakers: MOST_SPEAKERS }),
    countPresent(link, [room]),
    findMember(store, room, reader),
  ]);
  const [people, reading] = await Promise.all([
    findUsers(
      store,
      talk.speakers.map(({ user }) => user),
    ),
    // Who was never there has missed nothing.
    member === null ? null : deps.lookups.readState(room, reader),
  ]);
  return {
    present,
    messagesLast5m: talk.latest,
    perMinute: Math.round(((talk.latest + talk.before * 2) / 15) * 10) / 10,
    trend: trendOf(talk.latest, talk.before),
    speakers: talk.speakers.flatMap(({ user: id, messages }) => {
      const user = people.find((person) => person.id === id);
      return user === undefined ? [] : [{ user, messages }];
    }),
    ...(talk.lastAtMs === null ? {} : { lastMessageAt: new Date(talk.lastAtMs).toISOString() }),
    unread: reading?.unread ?? 0,
  };
};

/** Messages of five minutes against those of five minutes before; a handful more or less says nothing. */
function trendOf(latest: number, before: number): Trend {
  if (latest > before * 1.5 + 2) return "rising";
  return before > latest * 1.5 + 2 ? "falling" : "steady";
}
