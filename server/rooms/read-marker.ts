import { countMessagesAfter, readStanding } from "../../db/history.ts";
import { countMentionsAfter, ensureMember, moveReadMarker } from "../../db/postgres/members.ts";
import { sanctionsInForce } from "../../db/postgres/sanctions.ts";
import type { Membership } from "../../protocol/shapes.ts";
import type { Deps, RoomAct, RoomCall } from "./act.ts";
import { roleOfNewcomer } from "./policy.ts";

/** Moves the caller's read marker, and says what is left. */
export const markRead: RoomAct<"room:read"> = async (deps, call, { seq }) => {
  const room = call.rules.row.id;
  const user = call.caller.user.id;
  await join(deps, call);
  const { head } = await readStanding(deps.stores, room);
  const marker = await moveReadMarker(deps.stores.store, { room, user, seq: Math.min(seq, head) });
  return unreadAfter(deps, call, marker);
};

/** What the room is to the caller; whoever is new becomes a member by it, unless they only lurk. */
export async function membershipOf(
  deps: Deps,
  call: RoomCall,
  options: { join: boolean },
): Promise<Membership> {
  const { stores } = deps;
  const room = call.rules.row.id;
  const { user } = call.caller;
  const newcomer = { role: roleOfNewcomer(user.kind), lastReadSeq: 0, notify: "mentions" as const };
  const row = options.join || call.role !== null ? await join(deps, call) : newcomer;
  const [sanctions, counts] = await Promise.all([
    sanctionsInForce(stores.store, room, user.id),
    unreadAfter(deps, call, row.lastReadSeq),
  ]);
  return { role: row.role, sanctions, lastReadSeq: row.lastReadSeq, ...counts, notify: row.notify };
}

async function join(deps: Deps, call: RoomCall) {
  const room = call.rules.row.id;
  const { user } = call.caller;
  const row = await ensureMember(deps.stores.store, {
    room,
    user: user.id,
    role: roleOfNewcomer(user.kind),
  });
  deps.rules.noteRole(room, user.id, row.role);
  return row;
}

async function unreadAfter(deps: Deps, call: RoomCall, position: number) {
  const room = call.rules.row.id;
  const [unread, mentions] = await Promise.all([
    countMessagesAfter(deps.stores, room, position),
    countMentionsAfter(deps.stores.store, { room, user: call.caller.user.id, after: position }),
  ]);
  return { unread, mentions };
}
