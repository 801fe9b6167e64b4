import type { Pair } from "../../../db/postgres/contacts.ts";
import { findUser } from "../../../db/postgres/users.ts";
import { Refusal } from "../../../protocol/errors.ts";
import type { UserId } from "../../../protocol/ids.ts";
import type { User } from "../../../protocol/shapes.ts";
import type { Caller, Deps } from "../act.ts";
import { signedIn } from "../signed-in.ts";

/** The caller and someone else who exists. Errors: `unauthenticated`, `invalid`, `not_found`. */
export async function somebodyElse(
  { stores }: Deps,
  caller: Caller | null,
  other: UserId,
): Promise<{ pair: Pair; me: Caller; person: User }> {
  const me = signedIn(caller);
  if (other === me.user.id) throw new Refusal("invalid", "This is about someone other than you.");
  const person = await findUser(stores.store, other);
  if (person === null) throw new Refusal("not_found", "There is no such user.");
  return { pair: { user: me.user.id, other }, me, person };
}

/** What both are told when one of them blocks the other: who does is not said. */
export function apart(): Refusal {
  return new Refusal("forbidden", "You and they cannot do this with each other.");
}
