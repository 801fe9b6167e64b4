import { Refusal } from "../../protocol/errors.ts";
import type { Caller } from "./act.ts";

/** The caller of a command that needs one. Errors: `unauthenticated`. */
export function signedIn(caller: Caller | null): Caller {
  if (caller === null) {
    throw new Refusal(
      "unauthenticated",
      "Sign in first: send a token, or make one with POST /v1/guests.",
    );
  }
  return caller;
}
