import { type Html, html } from "../html.ts";
import { type JsonSchema, type Schemas, propertiesOf, refName, resolved } from "../json-schema.ts";
import { breakable } from "./breakable.ts";
import { schemaNotes, schemaType } from "./schema-type.ts";

/** The fields of an object's schema as a table; a sentence when it has none. */
export function fieldTable(caption: string, schema: JsonSchema, schemas: Schemas): Html {
  const rows = fieldRows(resolved(schema, schemas));
  if (rows.length === 0) return html`<p class="caption">${caption} <span>nothing</span></p>`;
  return html`<table class="fields">
    <caption>
      ${caption}
    </caption>
    <thead>
      <tr>
        <th scope="col">Field</th>
        <th scope="col">Type</th>
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`;
}

/** Objects without a name are spelled out below their field: `since.epoch`. */
function fieldRows(schema: JsonSchema, prefix = ""): Html[] {
  return propertiesOf(schema).flatMap(([field, property]) => [
    fieldRow(prefix + field, property, schema.required?.includes(field) === true),
    ...(refName(property) === null ? fieldRows(inner(property), `${prefix}${field}.`) : []),
  ]);
}

function fieldRow(name: string, schema: JsonSchema, isRequired: boolean): Html {
  const notes = schemaNotes(schema);
  return html`<tr>
    <th scope="row">
      <code>${breakable(name)}</code
      >${isRequired ? null : html` <span class="optional">optional</span>`}
    </th>
    <td>
      <span class="type">${schemaType(schema)}</span
      >${notes === "" ? null : html` <span class="note">${notes}</span>`}
    </td>
  </tr>`;
}

/** The object within a list, or beside null. */
function inner(schema: JsonSchema): JsonSchema {
  const items = schema.items;
  if (typeof items === "object" && !Array.isArray(items)) return items;
  return schema.anyOf?.find(({ type }) => type === "object") ?? schema;
}
