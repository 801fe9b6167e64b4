import { createHash } from "node:crypto";

import { z } from "zod";

import type { Command } from "../../../protocol/command.ts";
import { commands } from "../../../protocol/commands.ts";
import { ErrorReply, Problem, errorTable } from "../../../protocol/errors.ts";
import { factSchemas, pushes } from "../../../protocol/facts.ts";
import * as limits from "../../../protocol/limits.ts";

/**
 * SHA-256 over everything that a client can tell apart on the wire: the JSON Schemas of commands,
 * facts, pushes and errors, and the limits, many of which no JSON Schema shows. Summaries and
 * titles are left out, and so is the order of keys: neither changes the wire.
 */
export function schemaHash(): string {
  const wire = {
    commands: mapValues(commands, ({ input, output, who, rate, rest, socket }: Command) => ({
      input: z.toJSONSchema(input, { io: "input" }),
      output: z.toJSONSchema(output, { io: "output" }),
      who,
      rate,
      rest,
      socket,
    })),
    facts: mapValues(factSchemas, (schema) => z.toJSONSchema(schema)),
    pushes: mapValues(pushes, (schema) => z.toJSONSchema(schema)),
    errors: mapValues(errorTable, ({ status, retry }) => ({ status, retry })),
    refusals: [z.toJSONSchema(ErrorReply), z.toJSONSchema(Problem)],
    limits: { ...limits },
  };
  return createHash("sha256")
    .update(JSON.stringify(sortedKeys(wire)))
    .digest("hex");
}

function mapValues<V, R>(table: Record<string, V>, map: (value: V) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(table).map(([key, value]) => [key, map(value)]));
}

function sortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedKeys);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sortedKeys(inner)]),
  );
}
