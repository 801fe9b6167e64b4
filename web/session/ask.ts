import {
  Refusal,
  type CommandInput,
  type CommandName,
  type CommandOutput,
} from "../../client/index.ts";
import { client } from "./session.ts";

/** Gives a command as whom we are. Throws a Refusal. */
export async function ask<N extends CommandName>(
  name: N,
  input: CommandInput<N>,
): Promise<CommandOutput<N>> {
  const line = client.peek();
  if (line === null) throw new Refusal("unauthenticated", "Say your name first.");
  return line.call(name, input);
}
