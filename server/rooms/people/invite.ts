import { appendPending, notePending } from "../../../db/pending-facts.ts";
import {
  createInvite,
  findInvite,
  listInvites,
  revokeInvite,
  roomOfInvite,
  useInvite,
} from "../../../db/postgres/invites.ts";
import { changeRoom } from "../../../db/postgres/rooms.ts";
import { findUser } from "../../../db/postgres/users.ts";
import { Refusal } from "../../../protocol/errors.ts";
import { InviteId } from "../../../protocol/ids.ts";
import type { PlainAct, RoomAct, RoomCall } from "../act.ts";
import { decodeIdCursor, pageOf } from "../paging.ts";
import { has, roleOfNewcomer } from "../policy.ts";
import { refuseBanned } from "../refuse-banned.ts";
import { showRoom } from "../room-view.ts";
import { signedIn } from "../signed-in.ts";

/** Makes a link into a room. Errors: `forbidden`, `locked`. */
export const invite: RoomAct<"invite:create"> = async (deps, call, input) => {
  const { row } = call.rules;
  if (row.archivedAt !== null) throw new Refusal("locked", "The room is archived.");
  if (row.visibility === "private" && !has("manageInvites", call.rank)) {
    throw new Refusal("forbidden", "Only a private room's moderators invite to it.");
  }
  const now = deps.now();
  const { maxUses, expiresInSeconds } = input;
  const expiresAt =
    expiresInSeconds === undefined
      ? undefined
      : new Date(now + expiresInSeconds * 1_000).toISOString();
  const by = call.caller.user;
  const { id, code } = await createInvite(deps.stores.store, {
    room: row.id,
    by: by.id,
    maxUses,
    expiresAt,
  });
  return {
    id,
    code,
    url: `${deps.publicUrl}/i/${code}`,
    by,
    at: new Date(now).toISOString(),
    uses: 0,
    ...(maxUses === undefined ? {} : { maxUses }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
};

/** Invitations of a room: the caller's own, or to a moderator all. */
export const showInvites: RoomAct<"invite:list"> = async (deps, call, { cursor, limit }) => {
  const invites = await listInvites(deps.stores.store, {
    room: call.rules.row.id,
    by: whose(call),
    before: decodeIdCursor(cursor, InviteId),
    limit: limit + 1,
  });
  return pageOf(invites, limit, ({ id }) => [id]);
};

/** Takes an invitation back. Errors: `not_found`. */
export const takeInviteBack: RoomAct<"invite:revoke"> = async (deps, call, { id }) => {
  const ask = { room: call.rules.row.id, id, by: whose(call) };
  if (!(await revokeInvite(deps.stores.store, ask))) {
    throw new Refusal("not_found", "There is no such invitation of yours.");
  }
  return {};
};

/** Moderators deal with everyone's invitations; others with their own. */
function whose({ rank, caller }: RoomCall) {
  return has("manageInvites", rank) ? null : caller.user.id;
}

/** Where an invitation leads, for whoever has its code. */
export const showInvite: PlainAct<"invite:get"> = async (deps, _caller, { code }) => {
  const { store } = deps.stores;
  const found = await findInvite(store, code);
  if (found === null) throw noLongerGood();
  const [by, { row }] = await Promise.all([
    findUser(store, found.by),
    deps.rules.reload(found.room),
  ]);
  if (by === null || row.archivedAt !== null) throw noLongerGood();
  return { room: await showRoom(deps, row), by };
};

/**
 * Becomes a member by an invitation. A private room's log says so: it brings the new version of the rules
 * to every gateway, so that none of them takes the newcomer for a stranger. Errors: `not_found`, `banned`.
 */
export const acceptInvite: PlainAct<"invite:accept"> = async (deps, caller, { code }) => {
  const me = signedIn(caller);
  const { stores } = deps;
  const room = await roomOfInvite(stores.store, code);
  if (room === null) throw noLongerGood();
  const rules = await deps.rules.reload(room);
  if (rules.row.archivedAt !== null) throw noLongerGood();
  await refuseBanned(deps, { caller: me, rules });
  const { id, name, kind } = me.user;
  const role = roleOfNewcomer(kind);
  const isPrivate = rules.row.visibility === "private";
  const isNew = await stores.store.sql.begin(async (tx) => {
    const used = await useInvite(tx, { code, user: id, role });
    if (used === null) throw noLongerGood();
    if (!used.isNew || !isPrivate) return used.isNew;
    const { policy } = await changeRoom(tx, room, {});
    await notePending(tx, {
      room,
      author: id,
      draft: {
        type: "member.role",
        at: new Date(deps.now()).toISOString(),
        by: { id, name },
        user: id,
        role,
      },
      effects: [{ kind: "policy", version: policy }],
    });
    return true;
  });
  if (isPrivate) {
    await appendPending(stores, room);
    deps.hint.nudge();
  }
  const { row } = await deps.rules.reload(room);
  if (isNew) deps.rules.noteRole(room, id, role);
  return { room: await showRoom(deps, row) };
};

/** One answer for all that is wrong with an invitation: guessing must teach nothing. */
function noLongerGood(): Refusal {
  return new Refusal("not_found", "This invitation is not good any more.");
}
