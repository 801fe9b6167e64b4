import { type CommandName, commands } from "../../../protocol/commands.ts";
import { samplesByField, samplesByShape } from "./example-samples.ts";
import {
  type JsonSchema,
  type Schemas,
  isSchema,
  propertiesOf,
  refName,
  refTo,
  resolved,
} from "./json-schema.ts";
import { inputName, outputName } from "./schema-names.ts";

/**
 * An input that the command accepts: every field it must have, then each optional one that it
 * still accepts beside the others. Fields with a default stay out, as they would in real calls.
 */
export function exampleInput(command: CommandName, schemas: Schemas): Record<string, unknown> {
  const schema = resolved(refTo(inputName(command)), schemas);
  const fields = propertiesOf(schema).filter(([, { default: preset }]) => preset === undefined);
  let example: Record<string, unknown> = {};
  for (const [field, property] of fields) {
    const more = { ...example, [field]: exampleValue(property, schemas, field) };
    const isNeeded = schema.required?.includes(field) === true;
    if (isNeeded || commands[command].input.safeParse(more).success) example = more;
  }
  return example;
}

/** What a command answers, beyond `ok`. */
export function exampleOutput(command: CommandName, schemas: Schemas): Record<string, unknown> {
  return exampleObject(resolved(refTo(outputName(command)), schemas), schemas);
}

/** A value that fits a JSON Schema. Optional fields stay out, but for what a message says. */
export function exampleValue(schema: JsonSchema, schemas: Schemas, field = ""): unknown {
  const target = resolved(schema, schemas);
  const sample = samplesByField[field]?.find((value) => hasType(value, target, schemas));
  if (sample !== undefined) return sample;
  const name = refName(schema);
  if (name !== null && name in samplesByShape) return samplesByShape[name];
  const choice = target.oneOf?.[0] ?? target.anyOf?.[0];
  if (choice !== undefined) return exampleValue(choice, schemas, field);
  if (target.type === "array") return exampleArray(target, schemas);
  if (target.type === "object") return exampleObject(target, schemas);
  return exampleScalar(target);
}

function exampleArray({ items, prefixItems }: JsonSchema, schemas: Schemas): unknown[] {
  return (prefixItems ?? [items]).filter(isSchema).map((item) => exampleValue(item, schemas));
}

function exampleObject(schema: JsonSchema, schemas: Schemas): Record<string, unknown> {
  return Object.fromEntries(
    propertiesOf(schema)
      .filter(([field]) => schema.required?.includes(field) === true || field === "text")
      .map(([field, property]) => [field, exampleValue(property, schemas, field)]),
  );
}

function exampleScalar({ const: only, enum: options, default: preset, type, minimum }: JsonSchema) {
  const given = only ?? options?.[0] ?? preset;
  if (given !== undefined) return given;
  if (type === "boolean") return false;
  if (type === "integer" || type === "number") return minimum ?? 1;
  return "…";
}

function hasType(value: unknown, schema: JsonSchema, schemas: Schemas): boolean {
  const options = schema.anyOf ?? schema.oneOf ?? [schema];
  return options.some((option) => {
    const { type = [], enum: allowed, items } = resolved(option, schemas);
    if (![type].flat().some((one) => one === typeOf(value)) || allowed) return false;
    if (!Array.isArray(value) || !isSchema(items)) return true;
    const { required = [] } = resolved(items, schemas);
    return value.every((each) => required.every((field) => hasField(each, field)));
  });
}

function hasField(value: unknown, field: string): boolean {
  return typeof value === "object" && value !== null && field in value;
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value === "number" ? "integer" : typeof value;
}
