import { areApart, countConnected } from "../../../db/postgres/contacts.ts";
import { createDirectRoom } from "../../../db/postgres/direct-rooms.ts";
import { findUsers } from "../../../db/postgres/users.ts";
import { seedRoomLog } from "../../../db/seed-room.ts";
import { Refusal } from "../../../protocol/errors.ts";
import type { PlainAct } from "../act.ts";
import { showRoom } from "../room-view.ts";
import { signedIn } from "../signed-in.ts";
import { sayIn } from "./say-in.ts";
import { apart } from "./somebody-else.ts";

/** Introduces two of the caller's contacts to each other. Errors: `forbidden`, `invalid`, `not_found`. */
export const introduce: PlainAct<"introduction:make"> = async (deps, caller, { users, text }) => {
  const me = signedIn(caller);
  const { store } = deps.stores;
  const everyone = [me.user.id, ...users];
  if (new Set(everyone).size < everyone.length) {
    throw new Refusal("invalid", "Introduce two people who are not you.");
  }
  const people = await findUsers(store, users);
  if (people.length < users.length) throw new Refusal("not_found", "There is no such user.");
  const room = await store.sql.begin(async (tx) => {
    if (await areApart(tx, everyone)) throw apart();
    if ((await countConnected(tx, me.user.id, users)) < users.length) {
      throw new Refusal("forbidden", "Introduce people whom you are connected with.");
    }
    return createDirectRoom(tx, { by: me.user.id, people: everyone, named: [me.user, ...people] });
  });
  await seedRoomLog(deps.stores, room);
  const rules = await deps.rules.reload(room);
  await sayIn(deps, me, rules, text);
  return showRoom(deps, rules.row);
};
