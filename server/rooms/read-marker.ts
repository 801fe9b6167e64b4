import { readStanding } from "../../db/history.ts";
import { countMentionsAfter, moveReadMarker } from "../../db/postgres/members.ts";
import type { Membership } from "../../protocol/shapes.ts";
import type { Deps, RoomAct, RoomCall } from "./act.ts";
import { roleOfNewcomer } from "./policy.ts";

/** Moves the caller's read marker, and says what is left. */
export const markRead: RoomAct<"room:read"> = async (deps, call, { seq }) => {
  const room = call.rules.row.id;
  const user = call.caller.user.id;
  await knownIn(deps, call, { join: true });
  const { head } = await readStanding(deps.stores, room);
  const marker = { room, user, seq: Math.min(seq, head) };
  const position = await moveReadMarker(deps.stores.store, marker);
  const [unread, mentions] = await Promise.all([
    deps.lookups.messagesAfter(room, position),
    countMentionsAfter(deps.stores.store, { room, user, after: position }),
  ]);
  return { unread, mentions };
};

/** What the room is to the caller; whoever is new becomes a member by it, unless they only lurk. */
export async function membershipOf(
  deps: Deps,
  call: RoomCall,
  options: { join: boolean },
): Promise<Membership> {
  const { row, sanctions, mentions } = await knownIn(deps, call, {
    join: options.join || call.rank !== null,
  });
  const unread = await deps.lookups.messagesAfter(call.rules.row.id, row.lastReadSeq);
  return {
    role: row.role,
    sanctions,
    lastReadSeq: row.lastReadSeq,
    unread,
    mentions,
    notify: row.notify,
  };
}

async function knownIn({ lookups, rules }: Deps, call: RoomCall, { join }: { join: boolean }) {
  const room = call.rules.row.id;
  const { user } = call.caller;
  const role = roleOfNewcomer(user.kind);
  const known = await lookups.member(room, { user: user.id, joinAs: join ? role : null });
  if (known.row !== null) rules.noteRole(room, user.id, known.row.role);
  const newcomer = { role, lastReadSeq: 0, notify: "mentions" as const };
  return { ...known, row: known.row ?? newcomer };
}
