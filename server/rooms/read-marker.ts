import { readStanding } from "../../db/history.ts";
import { changeRead, listUnread } from "../../db/postgres/read-state.ts";
import { RoomId } from "../../protocol/ids.ts";
import type { Membership, ReadRanges } from "../../protocol/shapes.ts";
import type { Deps, PlainAct, RoomAct, RoomCall } from "./act.ts";
import { decodeIdCursor, pageOf } from "./paging.ts";
import { roleOfNewcomer } from "./policy.ts";
import { signedIn } from "./signed-in.ts";

/** Notes what the caller has read, and says what is left. */
export const markRead: RoomAct<"room:read"> = async (deps, call, { seq, ranges = [] }) => {
  const { head } = await readStanding(deps.stores, call.rules.row.id);
  const read = seq === undefined ? ranges : [[1, seq] as const];
  // What is not said yet cannot have been read.
  const upToHead = read.map(([from, to]) => [from, Math.min(to, head)] as const);
  return change(deps, call, { as: "read", ranges: upToHead.filter(([from, to]) => from <= to) });
};

/** Takes for unread what the caller had read. */
export const markUnread: RoomAct<"room:unread"> = async (deps, call, { seq, ranges = [] }) =>
  change(deps, call, { as: "unread", ranges: seq === undefined ? ranges : [[seq, Infinity]] });

async function change(
  deps: Deps,
  call: RoomCall,
  { as, ranges }: { as: "read" | "unread"; ranges: readonly (readonly [number, number])[] },
) {
  const room = call.rules.row.id;
  const user = call.caller.user.id;
  await knownIn(deps, call, { join: true });
  const changed: ReadRanges =
    ranges.length === 0 ? [] : await changeRead(deps.stores.store, { room, user, ranges, as });
  const state = await deps.lookups.readState(room, user);
  if (changed.length > 0) deps.tellPerson(user, "room.read", { room, ...state });
  return { ...state, changed };
}

/** What the room is to the caller; whoever is new becomes a member by it, unless they only lurk. */
export async function membershipOf(
  deps: Deps,
  call: RoomCall,
  options: { join: boolean },
): Promise<Membership> {
  const [{ row, sanctions }, state] = await Promise.all([
    knownIn(deps, call, { join: options.join || call.rank !== null }),
    // Joining changes nothing of it.
    deps.lookups.readState(call.rules.row.id, call.caller.user.id),
  ]);
  return { role: row.role, sanctions, ...state, notify: row.notify };
}

async function knownIn({ lookups, rules }: Deps, call: RoomCall, { join }: { join: boolean }) {
  const room = call.rules.row.id;
  const { user } = call.caller;
  const role = roleOfNewcomer(user.kind);
  const known = await lookups.member(room, { user: user.id, joinAs: join ? role : null });
  if (known.row !== null) rules.noteRole(room, user.id, known.row.role);
  return { ...known, row: known.row ?? { role, notify: "mentions" as const } };
}

/** What the caller has not read, in all rooms that they are in. */
export const showUnread: PlainAct<"unread:list"> = async (deps, caller, { cursor, limit }) => {
  const rows = await listUnread(deps.stores.store, {
    user: signedIn(caller).user.id,
    after: decodeIdCursor(cursor, RoomId),
    limit: limit + 1,
  });
  return pageOf(rows, limit, ({ room }) => [room]);
};
