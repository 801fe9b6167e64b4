import { v7 as uuidv7 } from "uuid";

import { appendPending, notePending } from "../../db/pending-facts.ts";
import { findMember } from "../../db/postgres/members.ts";
import {
  endSanction,
  findSanction,
  insertSanction,
  listSanctions,
  longestInForce,
} from "../../db/postgres/sanctions.ts";
import { findUser } from "../../db/postgres/users.ts";
import type { Effect } from "../../db/redis/append-facts.ts";
import { sanctionField } from "../../db/seed-room.ts";
import { Refusal } from "../../protocol/errors.ts";
import type { Draft } from "../../protocol/facts.ts";
import { SanctionId } from "../../protocol/ids.ts";
import type { Sanction, SanctionKind } from "../../protocol/shapes.ts";
import type { RoomAct } from "./act.ts";
import { decodeIdCursor, pageOf } from "./paging.ts";
import { mayActOn } from "./policy.ts";

/**
 * Mutes, kicks or bans someone. It is in Postgres before it is answered, and in force from the seq
 * of its fact on: the append script sets it in the step that appends the fact (G8).
 */
export const sanctionMember: RoomAct<"sanction:create"> = async (deps, call, input) => {
  const { stores } = deps;
  const room = call.rules.row.id;
  const by = call.caller.user;
  if ((await findUser(stores.store, input.user)) === null) {
    throw new Refusal("not_found", "There is no such user.");
  }
  const target = (await findMember(stores.store, room, input.user))?.role ?? null;
  const decision = mayActOn(call.role, target);
  if (!decision.allowed) throw new Refusal(decision.code, decision.message);
  const now = deps.now();
  const until =
    input.seconds === undefined ? undefined : new Date(now + input.seconds * 1_000).toISOString();
  const sanction: Sanction = {
    id: SanctionId.parse(uuidv7()),
    user: input.user,
    kind: input.kind,
    reason: input.reason,
    by: by.id,
    at: new Date(now).toISOString(),
    ...(until === undefined || input.kind === "kick" ? {} : { until }),
  };
  await stores.store.sql.begin(async (tx) => {
    await insertSanction(tx, room, sanction);
    const effects: Effect[] =
      sanction.kind === "kick" ? [] : [await enforced(tx, room, sanction.user, sanction.kind)];
    await notePending(tx, { room, author: by.id, draft: factOf(sanction, by.name), effects });
  });
  await appendPending(stores, room);
  deps.hint.nudge();
  return sanction;
};

function factOf(sanction: Sanction, name: string): Draft {
  const { user, reason } = sanction;
  const envelope = { at: sanction.at, by: { id: sanction.by, name }, user, reason };
  const until = sanction.until ?? null;
  switch (sanction.kind) {
    case "mute":
      return { type: "member.muted", ...envelope, until };
    case "ban":
      return { type: "member.banned", ...envelope, until };
    case "kick":
      return { type: "member.kicked", ...envelope };
  }
}

type Transaction = Parameters<typeof longestInForce>[0];

/** What the append script enforces after this: the longest of the sanctions in force, or none. */
async function enforced(
  tx: Transaction,
  room: Parameters<typeof longestInForce>[1]["room"],
  user: Sanction["user"],
  kind: Exclude<SanctionKind, "kick">,
): Promise<Effect> {
  const until = await longestInForce(tx, { room, user, kind });
  return {
    kind: "sanction",
    field: sanctionField(kind, user),
    until: until === "none" ? "lifted" : until,
  };
}

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
    const ended = await endSanction(tx, { id, by: by.id, at, reason: reason ?? null });
    if (!ended) return;
    await notePending(tx, {
      room,
      author: by.id,
      draft: {
        type: kind === "mute" ? "member.unmuted" : "member.unbanned",
        at,
        by: { id: by.id, name: by.name },
        user,
        ...(reason === undefined ? {} : { reason }),
      },
      effects: [await enforced(tx, room, user, kind)],
    });
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
