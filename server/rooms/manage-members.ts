import { appendPending, notePending } from "../../db/pending-facts.ts";
import { appendAudit } from "../../db/postgres/audit.ts";
import {
  endMembership,
  findMember,
  listMembers,
  memberOf,
  setRole,
} from "../../db/postgres/members.ts";
import { findUser } from "../../db/postgres/users.ts";
import { Refusal } from "../../protocol/errors.ts";
import { UserId } from "../../protocol/ids.ts";
import type { RoomAct } from "./act.ts";
import { decodeIdCursor, pageOf } from "./paging.ts";
import { mayGiveRole } from "./policy.ts";

/** Members of a room. */
export const showMembers: RoomAct<"member:list"> = async (deps, call, { cursor, limit }) => {
  const members = await listMembers(deps.stores.store, {
    room: call.rules.row.id,
    after: decodeIdCursor(cursor, UserId),
    limit: limit + 1,
  });
  return pageOf(members, limit, ({ user }) => [user.id]);
};

/** Gives someone a role in a room. */
export const giveRole: RoomAct<"member:set-role"> = async (deps, call, { user, role }) => {
  const { stores } = deps;
  const room = call.rules.row.id;
  const person = await findUser(stores.store, user);
  if (person === null) throw new Refusal("not_found", "There is no such user.");
  const present = (await findMember(stores.store, room, user))?.role ?? null;
  const decision = mayGiveRole(call.rank, present, role);
  if (!decision.allowed) throw new Refusal(decision.code, decision.message);
  const { id, name } = call.caller.user;
  const at = new Date(deps.now()).toISOString();
  await stores.store.sql.begin(async (tx) => {
    const policy = await setRole(tx, { room, user, role });
    const act = await notePending(tx, {
      room,
      author: id,
      draft: { type: "member.role", at, by: { id, name }, user, role },
      effects: [{ kind: "policy", version: policy }],
    });
    const deed = { at, actor: id, action: "member.role", target: user, act };
    await appendAudit(tx, room, [{ ...deed, before: { role: present }, after: { role } }]);
  });
  await appendPending(stores, room);
  deps.hint.nudge();
  await deps.rules.reload(room);
  const member = await findMember(stores.store, room, user);
  if (member === null) throw new Refusal("not_found", "They are no member any more.");
  return memberOf(member, person);
};

/** Leaves a room for good: its member no more, and its sockets closed. The last owner cannot. */
export const leaveForGood: RoomAct<"member:leave"> = async (deps, call) => {
  const { stores } = deps;
  const room = call.rules.row.id;
  const { id, name } = call.caller.user;
  const at = new Date(deps.now()).toISOString();
  await stores.store.sql.begin(async (tx) => {
    const policy = await endMembership(tx, { room, user: id });
    if (policy === null) throw new Refusal("not_found", "You are no member of this room.");
    const act = await notePending(tx, {
      room,
      author: id,
      draft: { type: "member.left", at, by: { id, name }, user: id },
      effects: [{ kind: "policy", version: policy }],
    });
    await appendAudit(tx, room, [{ at, actor: id, action: "member.left", target: id, act }]);
  });
  await appendPending(stores, room);
  deps.hint.nudge();
  await deps.rules.reload(room);
  return {};
};
