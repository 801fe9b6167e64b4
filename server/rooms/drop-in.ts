import { createGuest } from "../../db/postgres/users.ts";
import type { PlainAct } from "./act.ts";
import { signedIn } from "./signed-in.ts";

/** Makes a guest: a name is all it takes. */
export const dropIn: PlainAct<"guest:create"> = async (deps, _caller, { displayName }) => {
  const user = await createGuest(deps.stores.store, displayName);
  return { user, ...(await deps.mintGuestToken(user)) };
};

/** Who the caller is. */
export const whoAmI: PlainAct<"me:get"> = async (_deps, caller) => signedIn(caller).user;
