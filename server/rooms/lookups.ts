import { gatherBy } from "../../db/gather.ts";
import { type KnownMember, knowMembers } from "../../db/postgres/members.ts";
import { messagesLast5m } from "../../db/postgres/rooms.ts";
import { sanctionsInForce } from "../../db/postgres/sanctions.ts";
import { findUsers } from "../../db/postgres/users.ts";
import { countPresent, readPresent } from "../../db/redis/presence.ts";
import { type Ban, readBans } from "../../db/redis/room-log.ts";
import type { Stores } from "../../db/stores.ts";
import { readStatesNow } from "../../db/unread.ts";
import type { RoomId, UserId } from "../../protocol/ids.ts";
import { MAX_PRESENCE_SAMPLE } from "../../protocol/limits.ts";
import type { Presence, ReadState, Role, Room, Sanction } from "../../protocol/shapes.ts";

/** Someone in a room; who is no member becomes one as `joinAs`, unless that is null. */
export interface MemberAsk {
  user: UserId;
  joinAs: Role | null;
}

/** What a room is to someone, null where they are no member, and what sanctions stand against them. */
export interface AskedMember {
  row: KnownMember | null;
  sanctions: Sanction[];
}

/**
 * What has to be known of a room and of people in it, asked for by many at once: a thousand who come
 * back together cost a handful of queries, not thousands.
 */
export interface Lookups {
  ban: (room: RoomId, user: UserId) => Promise<Ban>;
  member: (room: RoomId, ask: MemberAsk) => Promise<AskedMember>;
  /** What someone has read of a room, and what is left. */
  readState: (room: RoomId, user: UserId) => Promise<ReadState>;
  live: (room: RoomId) => Promise<Room["live"]>;
  /** Who is in a room: the count, and a sample of faces. */
  presence: (room: RoomId) => Promise<Presence>;
}

/** Opens lookups that gather what is asked for at nearly the same time. */
export function openLookups(stores: Stores): Lookups {
  const live = gatherBy((room: RoomId, asks: null[]) => sameForAll(asks, readLive(stores, room)));
  const presence = gatherBy((room: RoomId, asks: null[]) =>
    sameForAll(asks, readFaces(stores, room)),
  );
  return {
    ban: gatherBy((room: RoomId, users: UserId[]) => readBans(stores.link, room, users)),
    member: gatherBy((room: RoomId, asks: MemberAsk[]) => readMembers(stores, room, asks)),
    readState: gatherBy((room: RoomId, people: UserId[]) => readStatesNow(stores, room, people)),
    live: (room) => live(room, null),
    presence: (room) => presence(room, null),
  };
}

async function readMembers(
  { store }: Stores,
  room: RoomId,
  asks: MemberAsk[],
): Promise<AskedMember[]> {
  // One person may ask from several tabs; one of them may join while another only looks.
  const people = new Map<UserId, { joinAs: Role | null }>();
  for (const { user, joinAs } of asks) {
    people.set(user, { joinAs: joinAs ?? people.get(user)?.joinAs ?? null });
  }
  const [known, sanctions] = await Promise.all([
    knowMembers(store, room, people),
    sanctionsInForce(store, room, [...people.keys()]),
  ]);
  return asks.map(({ user }) => ({
    row: known.get(user) ?? null,
    sanctions: sanctions.get(user) ?? [],
  }));
}

async function readLive({ link, store }: Stores, room: RoomId): Promise<Room["live"]> {
  const [[present = 0], messages] = await Promise.all([
    countPresent(link, [room]),
    messagesLast5m(store, room),
  ]);
  return { present, messagesLast5m: messages };
}

async function readFaces({ link, store }: Stores, room: RoomId): Promise<Presence> {
  const { count, users } = await readPresent(link, room, MAX_PRESENCE_SAMPLE);
  return { count, users: await findUsers(store, users) };
}

async function sameForAll<T>(asks: unknown[], reading: Promise<T>): Promise<T[]> {
  const found = await reading;
  return asks.map(() => found);
}
