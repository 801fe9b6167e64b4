import { appendPending, notePending } from "../../db/pending-facts.ts";
import { appendAudit } from "../../db/postgres/audit.ts";
import { findMember } from "../../db/postgres/members.ts";
import {
  endSanction,
  findSanction,
  listSanctions,
  lockSanctions,
} from "../../db/postgres/sanctions.ts";
import { findUser } from "../../db/postgres/users.ts";
import { Refusal } from "../../protocol/errors.ts";
import { SanctionId } from "../../protocol/ids.ts";
import type { RoomAct } from "./act.ts";
import { removeAllOf } from "./clean-up.ts";
import { enforced, imposeSanction } from "./impose-sanction.ts";
import { decodeIdCursor, pageOf } from "./paging.ts";
import { may } from "./policy.ts";

/** Mutes, kicks or bans someone of a lower role. */
export const sanctionMember: RoomAct<"sanction:create"> = async (deps, call, input) => {
  const { stores } = deps;
  const room = call.rules.row.id;
  const by = call.caller.user;
  if ((await findUser(stores.store, input.user)) === null) {
    throw new Refusal("not_found", "There is no such user.");
  }
  const target = (await findMember(stores.store, room, input.user))?.role ?? null;
  const decision = may("sanction", call.rank, target);
  if (!decision.allowed) throw new Refusal(decision.code, decision.message);
  const { user, kind, seconds, reason } = input;
  const sanction = await imposeSanction(deps, room, { user, kind, seconds, reason, by });
  if (input.removeMessages !== undefined) {
    const since = new Date(deps.now() - input.removeMessages * 60_000).toISOString();
    await removeAllOf(deps, call, { author: user, since, reason });
  }
  return sanction;
};

/** Ends a mute or a ban before its time. */
export const liftSanction: RoomAct<"sanction:lift"> = async (deps, call, { id, reason }) => {
  const { stores } = deps;
  const room = call.rules.row.id;
  const by = call.caller.user;
  const sanction = await findSanction(stores.store, room, id);
  if (sanction === null || sanction.kind === "kick") {
    throw new Refusal("not_found", "There is no such mute or ban in this room.");
  }
  const { user, kind } = sanction;
  const at = new Date(deps.now()).toISOString();
  await stores.store.sql.begin(async (tx) => {
    await lockSanctions(tx, { room, user });
    const ended = await endSanction(tx, { id, by: by.id, at, reason: reason ?? null });
    if (!ended) return;
    const why = reason === undefined ? {} : { reason };
    const type = kind === "mute" ? "member.unmuted" : "member.unbanned";
    const act = await notePending(tx, {
      room,
      author: by.id,
      draft: { type, at, by: { id: by.id, name: by.name }, user, ...why },
      effects: [await enforced(tx, room, user, kind)],
    });
    const before = { kind, until: sanction.until ?? null, reason: sanction.reason };
    await appendAudit(tx, room, [
      { at, actor: by.id, action: type, target: user, act, ...why, before },
    ]);
  });
  await appendPending(stores, room);
  deps.hint.nudge();
  return (await findSanction(stores.store, room, id)) ?? sanction;
};

/** Sanctions of a room, the newest first. */
export const showSanctions: RoomAct<"sanction:list"> = async (deps, call, { cursor, limit }) => {
  const sanctions = await listSanctions(deps.stores.store, {
    room: call.rules.row.id,
    before: decodeIdCursor(cursor, SanctionId),
    limit: limit + 1,
  });
  return pageOf(sanctions, limit, ({ id }) => [id]);
};
