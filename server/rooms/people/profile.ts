import { readRelation } from "../../../db/postgres/contacts.ts";
import { changeProfile, findProfile, readMyProfile } from "../../../db/postgres/profiles.ts";
import { Refusal } from "../../../protocol/errors.ts";
import type { PlainAct } from "../act.ts";
import { signedIn } from "../signed-in.ts";

/** Who the caller is. */
export const whoAmI: PlainAct<"me:get"> = async (deps, caller) =>
  readMyProfile(deps.stores.store, signedIn(caller).user.id);

/** Changes the caller's profile. */
export const changeMyProfile: PlainAct<"me:update"> = async (deps, caller, changes) => {
  if (Object.keys(changes).length === 0) {
    throw new Refusal("invalid", "Name at least one thing to change.");
  }
  const profile = await changeProfile(deps.stores.store, signedIn(caller).user.id, changes);
  const { links: _links, timeZone: _timeZone, meetings: _meetings, ...user } = profile;
  deps.onProfile(user);
  return profile;
};

/** Someone's profile, and what they are to the caller. */
export const showPerson: PlainAct<"user:get"> = async (deps, caller, { user: ref }) => {
  const { store } = deps.stores;
  const profile = await findProfile(store, ref);
  if (profile === null) throw new Refusal("not_found", "There is no such user.");
  const relation = await readRelation(store, { user: signedIn(caller).user.id, other: profile.id });
  return { ...profile, relation };
};
