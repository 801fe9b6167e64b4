import { z } from "zod";

import { schemaNames } from "./schema-names.ts";
import { shapeNotes } from "./shape-notes.ts";

export type JsonSchema = z.core.JSONSchema.BaseSchema;

/** Schemas by name. */
export type Schemas = Readonly<Record<string, JsonSchema>>;

/** OpenAPI 3.1 speaks the 2020-12 draft, AsyncAPI 3.0 the older one. */
export type Dialect = "draft-2020-12" | "draft-07";

/** Where named schemas stand, in OpenAPI and AsyncAPI documents alike. */
export const COMPONENTS = "#/components/schemas/";

/**
 * Every schema of the protocol as JSON Schema, by name, each referring to the others by
 * `#/components/schemas/NAME`. Inputs read as callers write them (a default may be left out),
 * everything else as Eddy answers it.
 */
export function jsonSchemas(dialect: Dialect): Schemas {
  const inputs = converted("input", dialect);
  const outputs = converted("output", dialect);
  for (const [name, schema] of Object.entries(inputs)) {
    if (outputs[name] !== undefined && !isSame(outputs[name], schema)) {
      throw new Error(`${name} reads differently as input and as output: give it two schemas`);
    }
  }
  return { ...inputs, ...outputs };
}

/** A reference to a named schema. */
export function refTo(name: string): JsonSchema {
  return { $ref: COMPONENTS + name };
}

/** The name that a reference points at, or null for a schema that stands where it is used. */
export function refName(schema: JsonSchema): string | null {
  return schema.$ref?.startsWith(COMPONENTS) === true ? schema.$ref.slice(COMPONENTS.length) : null;
}

/** The schema that a reference points at; any other as it is. */
export function resolved(schema: JsonSchema, schemas: Schemas): JsonSchema {
  const name = refName(schema);
  return name === null ? schema : (schemas[name] ?? {});
}

/** The fields of an object's schema. */
export function propertiesOf(schema: JsonSchema): [string, JsonSchema][] {
  return Object.entries(schema.properties ?? {}).flatMap(([field, property]) =>
    isSchema(property) ? [[field, property]] : [],
  );
}

/** JSON Schema also allows `true`, `false` and, for items, a list: none of them is a schema here. */
export function isSchema(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The schemas that a document mentions, directly or through another one; sorted by name. */
export function mentionedIn(document: unknown, schemas: Schemas): Schemas {
  const found = new Set<string>();
  const visit = (node: unknown) => {
    for (const [, name = ""] of JSON.stringify(node).matchAll(
      /"#\/components\/schemas\/([^"]+)"/gu,
    )) {
      if (found.has(name)) continue;
      found.add(name);
      visit(schemas[name] ?? {});
    }
  };
  visit(document);
  return Object.fromEntries(
    Object.entries(schemas)
      .filter(([name]) => found.has(name))
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}

function converted(io: "input" | "output", dialect: Dialect): Schemas {
  const registry = z.registry<{ id: string }>();
  for (const [schema, id] of schemaNames(io)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, {
    io,
    target: dialect,
    uri: (id) => COMPONENTS + id,
    override: tidy,
  });
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [name, withNote(name, schema)]),
  );
}

/** Takes out what zod adds and readers, or other validators, are better off without. */
function tidy({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodTypes; jsonSchema: JsonSchema }) {
  // Replies may gain fields, so only what was declared strict refuses the unknown.
  if (zodSchema instanceof z.ZodObject && zodSchema.def.catchall === undefined) {
    delete jsonSchema.additionalProperties;
  }
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  // The format says what these 300 characters say, and an emoji's pattern needs the v flag, which
  // JSON Schema does not have: a validator would fail to compile it.
  if (jsonSchema.format !== undefined || !compiles(jsonSchema.pattern)) delete jsonSchema.pattern;
}

function compiles(pattern: string | undefined): boolean {
  if (pattern === undefined) return true;
  try {
    return new RegExp(pattern, "u") instanceof RegExp;
  } catch {
    return false;
  }
}

/** Within a document a schema neither names its dialect nor has an id of its own. */
function withNote(name: string, { $schema: _dialect, $id: _id, ...schema }: JsonSchema) {
  const description = schema.description ?? shapeNotes[name];
  return description === undefined ? schema : { description, ...schema };
}

function isSame(a: JsonSchema, b: JsonSchema): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
