import { hasAskedToJoin, openJoin } from "../../../db/postgres/cases.ts";
import { Refusal } from "../../../protocol/errors.ts";
import type { Door } from "../../../protocol/shapes.ts";
import type { Deps, RoomAct, RoomCall } from "../act.ts";
import { refuseBanned } from "../refuse-banned.ts";
import { tellOfCase } from "./tell.ts";

/** What someone may know of a private room that they may ask to join. */
export const showDoor: RoomAct<"join:door"> = async (deps, call) => {
  await refuseUnlessAsking(deps, call);
  const room = call.rules.row.id;
  const asked = await hasAskedToJoin(deps.stores.store, { room, user: call.caller.user.id });
  return doorOf(call, asked);
};

/** Asks to join a private room; asking again, while nobody has answered, changes nothing. */
export const askToJoin: RoomAct<"join:ask"> = async (deps, call, { line }) => {
  await refuseUnlessAsking(deps, call);
  const room = call.rules.row.id;
  const user = call.caller.user.id;
  const at = new Date(deps.now()).toISOString();
  const { sql } = deps.stores.store;
  const opened = await sql.begin((tx) => openJoin(tx, { room, user, line: line ?? null, at }));
  if (opened === "refused") {
    throw new Refusal("conflict", "The moderators have said no; ask again in a day.");
  }
  if (opened !== null) {
    await tellOfCase(deps, { room, id: opened, kind: "join", change: "opened" });
  }
  return doorOf(call, true);
};

/** A private room that nobody may ask to join does not exist for who is no member. */
async function refuseUnlessAsking(deps: Deps, call: RoomCall): Promise<void> {
  const { row } = await deps.rules.reload(call.rules.row.id);
  if (row.visibility === "private" && !row.asking && call.rank === null) {
    throw new Refusal("not_found", "There is no such room.");
  }
  if (row.visibility !== "private" || call.rank !== null) {
    throw new Refusal("conflict", "You need not ask: you may enter.");
  }
  await refuseBanned(deps, call);
}

function doorOf({ rules }: RoomCall, asked: boolean): Door {
  const { id, slug, title } = rules.row;
  return { id, slug, title, asked };
}
