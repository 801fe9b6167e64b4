import { z } from "zod";

import { type CommandName, commands } from "../../../protocol/commands.ts";
import * as errors from "../../../protocol/errors.ts";
import * as facts from "../../../protocol/facts.ts";
import * as ids from "../../../protocol/ids.ts";
import * as people from "../../../protocol/people.ts";
import * as reports from "../../../protocol/reports.ts";
import * as shapes from "../../../protocol/shapes.ts";
import * as text from "../../../protocol/text.ts";

/**
 * The name that each schema of the protocol bears in the API documents.
 *
 * A schema that protocol/ exports keeps its name there, so `UserId` and `Room` are one shape
 * everywhere; inputs, outputs, facts and pushes are named after their row in the tables.
 */
export function schemaNames(io: "input" | "output"): Map<z.ZodType, string> {
  const names = exportedNames();
  const name = (schema: z.ZodType, fallback: string) => {
    if (!names.has(schema)) names.set(schema, fallback);
  };
  for (const [command, { input, output }] of Object.entries(commands)) {
    if (io === "input") name(input, pascalCase(command, "Input"));
    else name(output, isEmpty(output) ? "Empty" : pascalCase(command, "Output"));
  }
  for (const [type, schema] of Object.entries(facts.factSchemas)) name(schema, factName(type));
  for (const [push, schema] of Object.entries(facts.pushes)) name(schema, pushName(push));
  return names;
}

/** The name of the schema of what a command takes. */
export function inputName(command: CommandName): string {
  return nameOf(commands[command].input, "input");
}

/** The name of the schema of what a command answers, beyond `ok`. */
export function outputName(command: CommandName): string {
  return nameOf(commands[command].output, "output");
}

/** The name of a fact's schema: `message.sent` is `MessageSentFact`. */
export function factName(type: string): string {
  return pascalCase(type, "Fact");
}

/** The name of a push's schema: `room.events` is `RoomEventsPush`. */
export function pushName(push: string): string {
  return pascalCase(push, "Push");
}

/** A wire name as an identifier: `member:set-role` is `memberSetRole`. */
export function camelCase(wireName: string): string {
  return wireName.replaceAll(/[^a-z0-9]+([a-z0-9])/gu, (_, first: string) => first.toUpperCase());
}

function nameOf(schema: z.ZodType, io: "input" | "output"): string {
  const name = schemaNames(io).get(schema);
  if (name === undefined) throw new Error("A schema of no table has no name");
  return name;
}

function pascalCase(wireName: string, suffix: string): string {
  return camelCase(`-${wireName}`) + suffix;
}

function exportedNames(): Map<z.ZodType, string> {
  const named = [ids, text, shapes, people, reports, facts, errors].flatMap((module) =>
    Object.entries(module),
  );
  return new Map(
    named.flatMap(([name, value]) => (value instanceof z.ZodType ? [[value, name] as const] : [])),
  );
}

/** Commands that answer nothing share one schema, which must not bear the name of the first. */
function isEmpty(schema: z.ZodObject): boolean {
  return Object.keys(schema.shape).length === 0;
}
