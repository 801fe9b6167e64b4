import { readMeetings, readSpeakersAfter } from "../../../db/postgres/meetings.ts";
import { findMember } from "../../../db/postgres/members.ts";
import { findUsers } from "../../../db/postgres/users.ts";
import type { UserId } from "../../../protocol/ids.ts";
import type { User } from "../../../protocol/shapes.ts";
import type { Deps, PlainAct, RoomAct } from "../act.ts";
import { signedIn } from "../signed-in.ts";

/** Who spoke in a room since the caller's read marker. Who was never there has missed nobody. */
export const showMissedPeople: RoomAct<"room:missed-people"> = async (deps, call, { limit }) => {
  const { store } = deps.stores;
  const room = call.rules.row.id;
  const reader = call.caller.user.id;
  const member = await findMember(store, room, reader);
  if (member === null) return { items: [] };
  const seen = await readSpeakersAfter(store, { room, reader, after: member.lastReadSeq, limit });
  return { items: await named(deps, seen) };
};

/** Whom the caller keeps meeting. */
export const showMeetings: PlainAct<"me:meetings"> = async (deps, caller, { limit }) => {
  const reader = signedIn(caller).user.id;
  const met = await readMeetings(deps.stores.store, { reader, limit });
  return { items: await named(deps, met) };
};

async function named<T extends { user: UserId; lastAtMs: number }>(
  { stores }: Deps,
  rows: readonly T[],
): Promise<(Omit<T, "user" | "lastAtMs"> & { user: User; lastAt: string })[]> {
  const people = await findUsers(
    stores.store,
    rows.map(({ user }) => user),
  );
  return rows.flatMap(({ user: id, lastAtMs, ...rest }) => {
    const user = people.find((person) => person.id === id);
    return user === undefined ? [] : [{ ...rest, user, lastAt: new Date(lastAtMs).toISOString() }];
  });
}
