import { factTypes } from "../../../../protocol/facts.ts";
import { type Content, type Html, html, joined } from "../html.ts";
import { type JsonSchema, isSchema, propertiesOf, refName } from "../json-schema.ts";
import { factName } from "../schema-names.ts";

/** The type of a field as a reader would say it, with links to the named shapes. */
export function schemaType(schema: JsonSchema): Content {
  const name = refName(schema);
  if (name !== null) return shapeLink(name);
  if (schema.const !== undefined) return literal(schema.const);
  if (schema.enum !== undefined) return joined(schema.enum.map(literal), " | ");
  const options = schema.anyOf ?? schema.oneOf;
  if (options !== undefined) return joined(options.map(schemaType), " or ");
  if (schema.prefixItems !== undefined) {
    return ["[", joined(schema.prefixItems.filter(isSchema).map(schemaType), ", "), "]"];
  }
  if (schema.type === "array" && isSchema(schema.items)) return [schemaType(schema.items), "[]"];
  return joined([schema.type ?? "anything"].flat(), " or ");
}

/** The fields of an object in one line: `target: Seq, reason?: string`. */
export function fieldList(schema: JsonSchema): Content {
  const fields = propertiesOf(schema).map(([field, property]) => [
    html`<code>${field}${schema.required?.includes(field) === true ? "" : "?"}</code>: `,
    property.properties === undefined ? schemaType(property) : ["{ ", fieldList(property), " }"],
  ]);
  return joined(fields, ", ");
}

/** What else is to be known of a field: its note, default and bounds. */
export function schemaNotes(schema: JsonSchema): string {
  const { description, default: preset, minimum, maximum, maxItems, minLength, maxLength } = schema;
  return [
    description,
    schema.format,
    preset === undefined ? undefined : `default ${JSON.stringify(preset)}`,
    bounds(minimum, maximum, ""),
    bounds(minLength, maxLength, " characters"),
    bounds(undefined, maxItems, " items"),
    schema.pattern === undefined ? undefined : `matches ${schema.pattern}`,
  ]
    .filter((note) => note !== undefined)
    .join(" · ");
}

function shapeLink(name: string): Html {
  return html`<a href="#${anchors.get(name) ?? `shape-${name}`}">${name}</a>`;
}

const anchors = new Map([
  ["Fact", "facts"],
  ...factTypes.map((type) => [factName(type), `fact-${type}`] as const),
]);

function literal(value: unknown): Html {
  return html`<code>${JSON.stringify(value)}</code>`;
}

function bounds(least: number | undefined, most: number | undefined, unit: string) {
  if (least === undefined && most === undefined) return undefined;
  if (most === undefined) return `at least ${shown(least ?? 0)}${unit}`;
  if (least === undefined) return `at most ${shown(most)}${unit}`;
  return `${shown(least)} to ${shown(most)}${unit}`;
}

function shown(bound: number): string {
  return bound.toLocaleString("en");
}
