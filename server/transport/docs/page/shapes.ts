import { factTypes } from "../../../../protocol/facts.ts";
import { type Html, html, marked } from "../html.ts";
import { type Schemas, mentionedIn, refTo } from "../json-schema.ts";
import { factName } from "../schema-names.ts";
import { fieldTable } from "./field-table.ts";
import { schemaNotes, schemaType } from "./schema-type.ts";

/** The shapes that have a name of their own because several commands, facts or pushes use them. */
export function shapesSection(schemas: Schemas): Html {
  const names = shapeNames(schemas);
  const isObject = (name: string) => schemas[name]?.properties !== undefined;
  return html`<section id="shapes" aria-labelledby="shapes-title">
    <h2 id="shapes-title">Shapes</h2>
    <table class="rows">
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">What it is</th>
        </tr>
      </thead>
      <tbody>
        ${names.filter((name) => !isObject(name)).map((name) => scalarRow(name, schemas))}
      </tbody>
    </table>
    <div class="shapes">${names.filter(isObject).map((name) => objectArticle(name, schemas))}</div>
  </section>`;
}

/** Whatever a schema refers to is a shape, but for facts, which have their own section. */
export function shapeNames(schemas: Schemas): string[] {
  const facts = new Set(["Fact", ...factTypes.map(factName)]);
  return Object.keys(mentionedIn(Object.values(schemas), schemas)).filter(
    (name) => !facts.has(name),
  );
}

function scalarRow(name: string, schemas: Schemas): Html {
  const { description = "", ...schema } = schemas[name] ?? {};
  const notes = schemaNotes(schema);
  return html`<tr id="shape-${name}">
    <th scope="row"><code>${name}</code></th>
    <td>
      ${description}
      <span class="signature">${schemaType(schema)}${notes === "" ? "" : ` · ${notes}`}</span>
    </td>
  </tr>`;
}

function objectArticle(name: string, schemas: Schemas): Html {
  const anchor = `shape-${name}`;
  return html`<article class="shape" id="${anchor}" aria-labelledby="${anchor}-title">
    <h3 id="${anchor}-title"><a href="#${anchor}">${name}</a></h3>
    <p>${marked(schemas[name]?.description ?? "")}</p>
    ${fieldTable("Fields", refTo(name), schemas)}
  </article>`;
}
