import { v7 as uuidv7 } from "uuid";

import { type CommandName, commandNames } from "../../../protocol/commands.ts";
import { exampleInput } from "../../../server/transport/docs/example.ts";
import { jsonSchemas } from "../../../server/transport/docs/json-schema.ts";
import type { Chance } from "../../chaos/random.ts";

/** Whom and what commands may be about. */
export interface Playground {
  rooms: readonly string[];
  /** Whose role may change, and who may be sanctioned. */
  users: readonly string[];
  tokens: readonly string[];
}

/** A command with an input that fits its schema, about the playground. */
export interface GoodInput {
  name: CommandName;
  input: Record<string, unknown>;
}

const schemas = jsonSchemas("draft-2020-12");
/** What would end the game: everything after it is only refused. */
const SPOILSPORT: ReadonlySet<CommandName> = new Set<CommandName>([
  "room:archive",
  "me:erase",
  "raid:begin",
]);
const SPOILSPORT_FIELDS = ["locked", "speakers", "slowModeSeconds", "visibility"];
const names = commandNames.filter((name) => !SPOILSPORT.has(name));

/** Makes up a good input of any command there is. */
export function goodInput(chance: Chance, { rooms, users, tokens }: Playground): GoodInput {
  const name = chance.pick(names);
  const input = exampleInput(name, schemas);
  if (name === "room:update") for (const field of SPOILSPORT_FIELDS) delete input[field];
  // What does not exist yet cannot be answered to.
  if (chance.next() < 0.8) delete input["replyTo"];
  const about: Record<string, () => unknown> = {
    room: () => chance.pick(rooms),
    user: () => chance.pick(users),
    token: () => chance.pick(tokens),
    clientId: () => uuidv7(),
    slug: () => `fuzz-${uuidv7().slice(-12)}`,
    seq: () => Math.ceil(chance.next() * 60),
    replyTo: () => Math.ceil(chance.next() * 60),
    limit: () => Math.ceil(chance.next() * 100),
  };
  for (const field of Object.keys(input)) {
    const make = about[field];
    if (make !== undefined) input[field] = make();
  }
  return { name, input };
}
