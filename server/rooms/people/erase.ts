import { tellBars } from "../../../db/bars.ts";
import { beginErasure, findErasure } from "../../../db/postgres/erasures.ts";
import { Refusal } from "../../../protocol/errors.ts";
import type { UserId } from "../../../protocol/ids.ts";
import type { Erasure } from "../../../protocol/shapes.ts";
import type { Deps, PlainAct } from "../act.ts";
import { asAdministrator } from "../as-administrator.ts";
import { signedIn } from "../signed-in.ts";

/** Erases the caller: they are out at once, and a worker erases all that there is of them. */
export const eraseMe: PlainAct<"me:erase"> = (deps, caller) => {
  const { id } = signedIn(caller).user;
  return erase(deps, { user: id, by: id });
};

/** Erases someone, for platform administrators. */
export const eraseSomeone: PlainAct<"user:erase"> = (deps, caller, { user }) =>
  erase(deps, { user, by: asAdministrator(caller).user.id });

/** How far an erasing is. */
export const showErasure: PlainAct<"erasure:get"> = async (deps, _caller, { id }) => {
  const erasure = await findErasure(deps.stores.store.sql, id);
  if (erasure === null) throw new Refusal("not_found", "There is no such erasing.");
  return erasure;
};

async function erase(deps: Deps, who: { user: UserId; by: UserId }): Promise<Erasure> {
  const { stores } = deps;
  const at = new Date(deps.now()).toISOString();
  const id = await beginErasure(stores.store, { ...who, at });
  if (id === null) throw new Refusal("not_found", "There is no such user.");
  await tellBars(stores, who.user);
  const erasure = await findErasure(stores.store.sql, id);
  if (erasure === null) throw new Error("An erasing is gone that was just begun");
  return erasure;
}
