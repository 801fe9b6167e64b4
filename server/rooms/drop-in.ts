import { createGuest } from "../../db/postgres/users.ts";
import type { PlainAct } from "./act.ts";

/** Makes a guest: a name is all it takes. */
export const dropIn: PlainAct<"guest:create"> = async (deps, _caller, { displayName }) => {
  const user = await createGuest(deps.stores.store, displayName);
  return { user, ...(await deps.mintGuestToken(user)) };
};
