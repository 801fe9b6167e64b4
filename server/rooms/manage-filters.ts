import { readFilterRules, writeFilterRules } from "../../db/postgres/filters.ts";
import { notePolicy } from "../../db/redis/room-log.ts";
import type { RoomAct } from "./act.ts";

/** The rules of a room's filter. */
export const getFilters: RoomAct<"filter:get"> = async (deps, { rules }) => ({
  rules: await readFilterRules(deps.stores.store, rules.row.id),
});

/** Replaces the rules of a room's filter; in force on every gateway from the next message on. */
export const setFilters: RoomAct<"filter:set"> = async (deps, call, input) => {
  const { stores } = deps;
  const room = call.rules.row.id;
  const version = await writeFilterRules(stores.store, room, input.rules);
  await notePolicy(stores.link, room, version);
  await deps.rules.reload(room);
  return { rules: input.rules };
};
