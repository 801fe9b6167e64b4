import type { CommandInput, CommandName, CommandOutput, commands } from "../protocol/commands.ts";
import type { User } from "../protocol/shapes.ts";
import { callRest } from "./rest.ts";

/** Commands that need no token. */
export type VisitorCommand = {
  [N in CommandName]: (typeof commands)[N]["who"] extends "anyone" ? N : never;
}[CommandName];

/**
 * Gives a command as someone who has not said their name yet: looks at rooms, or becomes a guest.
 * Throws a Refusal.
 */
export function askAsVisitor<N extends VisitorCommand>(
  url: string,
  name: N,
  input: CommandInput<N>,
): Promise<CommandOutput<N>> {
  return callRest({ url, token: null, fetch: globalThis.fetch.bind(globalThis) }, name, input);
}

/** Who a token is for. Throws a Refusal: `unauthenticated` for a bad one. */
export function whoIs(url: string, token: string): Promise<User> {
  return callRest({ url, token, fetch: globalThis.fetch.bind(globalThis) }, "me:get", {});
}
