import {
  addContact,
  listContacts,
  readRelation,
  removeContact,
} from "../../../db/postgres/contacts.ts";
import type { PlainAct } from "../act.ts";
import { pageOf } from "../paging.ts";
import { signedIn } from "../signed-in.ts";
import { decodeSince } from "./since-cursor.ts";
import { apart, somebodyElse } from "./somebody-else.ts";

/** Follows someone, or changes the caller's note about them. */
export const follow: PlainAct<"contact:add"> = async (deps, caller, { user, note }) => {
  const { pair, person } = await somebodyElse(deps, caller, user);
  const { store } = deps.stores;
  const contact = await addContact(store, pair, note);
  if (contact === null) throw apart();
  const { connected } = await readRelation(store, pair);
  return {
    user: person,
    since: new Date(contact.sinceMs).toISOString(),
    connected,
    ...(contact.note === null ? {} : { note: contact.note }),
  };
};

/** Follows someone no more. */
export const unfollow: PlainAct<"contact:remove"> = async (deps, caller, { user }) => {
  const me = signedIn(caller).user.id;
  await removeContact(deps.stores.store, { user: me, other: user });
  return {};
};

/** Whom the caller follows, or who follows them. */
export const showContacts: PlainAct<"contact:list"> = async (deps, caller, input) => {
  const { show, cursor, limit } = input;
  const listed = await listContacts(deps.stores.store, {
    user: signedIn(caller).user.id,
    show,
    before: decodeSince(cursor),
    limit: limit + 1,
  });
  const { items, nextCursor } = pageOf(listed, limit, ({ place }) => [place.sinceMs, place.id]);
  return { items: items.map(({ item }) => item), nextCursor };
};
