import { Refusal } from "../../protocol/errors.ts";
import type { Caller } from "./act.ts";
import { signedIn } from "./signed-in.ts";

/** The caller of a command for platform administrators. Errors: `unauthenticated`, `forbidden`. */
export function asAdministrator(caller: Caller | null): Caller {
  const someone = signedIn(caller);
  if (!someone.admin) throw new Refusal("forbidden", "Only platform administrators may do this.");
  return someone;
}
