import { createBot, endBot, listBots } from "../../../db/postgres/bots.ts";
import { findUser, findUsers } from "../../../db/postgres/users.ts";
import { Refusal } from "../../../protocol/errors.ts";
import type { RoomAct } from "../act.ts";

/** So many programs in one room are more than people can follow. */
const MOST_BOTS = 20;

/** Makes a bot and its token. Errors: `conflict` when the room has as many as it may. */
export const makeBot: RoomAct<"bot:create"> = async (deps, call, { name }) => {
  const { store } = deps.stores;
  const { row } = call.rules;
  if (row.archivedAt !== null) throw new Refusal("locked", "The room is archived.");
  if ((await listBots(store, row.id)).length >= MOST_BOTS) {
    throw new Refusal("conflict", `A room has ${MOST_BOTS} bots at most.`);
  }
  const { id, token } = await createBot(store, { room: row.id, name, by: call.caller.user.id });
  const user = await findUser(store, id);
  if (user === null) throw new Refusal("not_found", "The bot is gone already.");
  return { user, token };
};

/** Bots of a room. */
export const showBots: RoomAct<"bot:list"> = async (deps, call) => {
  const { store } = deps.stores;
  return { items: await findUsers(store, await listBots(store, call.rules.row.id)) };
};

/** Ends a bot's token. Errors: `not_found`. */
export const removeBot: RoomAct<"bot:remove"> = async (deps, call, { user }) => {
  if (!(await endBot(deps.stores.store, { room: call.rules.row.id, user }))) {
    throw new Refusal("not_found", "The room has no such bot.");
  }
  return {};
};
