import {
  type FactType,
  type PushName,
  factData,
  factTypes,
  pushes,
} from "../../../../protocol/facts.ts";
import { exampleValue } from "../example.ts";
import { factSentences, pushSentences } from "../fact-sentences.ts";
import { type Html, html, marked } from "../html.ts";
import { type JsonSchema, type Schemas, propertiesOf, refTo, resolved } from "../json-schema.ts";
import { factName, pushName } from "../schema-names.ts";
import { tableRows } from "../table-rows.ts";
import { breakable } from "./breakable.ts";
import { code, compactJson } from "./code.ts";
import { fieldTable } from "./field-table.ts";
import { fieldList } from "./schema-type.ts";

/** The facts of a room's log. */
export function factsSection(schemas: Schemas): Html {
  return html`<section id="facts" aria-labelledby="facts-title">
    <h2 id="facts-title">Facts</h2>
    <div class="prose">
      <p>
        A fact is something that happened, and an entry of its room's log. Its <code>type</code>
        says what; what it carries is below. Messages and moderation share one order, and the same
        facts come live, in history and over REST.
      </p>
      <p>
        A message that was removed comes with <code>removed: true</code> and no text, an edited one
        with its present text and <code>editedAt</code>: what was taken back is never sent again.
      </p>
    </div>
    <table class="rows">
      <thead>
        <tr>
          <th scope="col">Type</th>
          <th scope="col">What it says</th>
        </tr>
      </thead>
      <tbody>
        <tr>
          <th scope="row">every fact</th>
          <td>
            Its place in the log, when, and by whom.
            <span class="signature">${fieldList(sharedFields(schemas))}</span>
          </td>
        </tr>
        ${factTypes.map((type) => factRow(type, schemas))}
      </tbody>
    </table>
  </section>`;
}

/** What the server pushes. */
export function pushesSection(schemas: Schemas): Html {
  return html`<section id="pushes" aria-labelledby="pushes-title">
    <h2 id="pushes-title">Pushes</h2>
    <div class="prose">
      <p>
        Events that reach your socket unasked. A push may be lost with a connection; the log never
        is, so every push carries enough to notice.
      </p>
    </div>
    ${tableRows(pushes).map(([name]) => pushArticle(name, schemas))}
  </section>`;
}

function factRow(type: FactType, schemas: Schemas): Html {
  return html`<tr id="fact-${type}">
    <th scope="row"><code>${breakable(type)}</code></th>
    <td>
      ${marked(factSentences[type])}
      <span class="signature">${fieldList(ownFields(type, schemas))}</span>
    </td>
  </tr>`;
}

/** What every fact carries beside its type: whatever one type has and is not its own. */
function sharedFields(schemas: Schemas): JsonSchema {
  const own = new Set(["type", ...Object.keys(factData["message.sent"])]);
  return onlyFields(refTo(factName("message.sent")), (field) => !own.has(field), schemas);
}

/** What a fact carries beyond what every fact does. */
function ownFields(type: FactType, schemas: Schemas): JsonSchema {
  return onlyFields(refTo(factName(type)), (field) => field in factData[type], schemas);
}

function onlyFields(schema: JsonSchema, picks: (field: string) => boolean, schemas: Schemas) {
  const whole = resolved(schema, schemas);
  const picked = propertiesOf(whole).filter(([field]) => picks(field));
  return { ...whole, properties: Object.fromEntries(picked) };
}

function pushArticle(name: PushName, schemas: Schemas): Html {
  const anchor = `push-${name}`;
  const schema = refTo(pushName(name));
  return html`<article class="command" id="${anchor}" aria-labelledby="${anchor}-title">
    <div class="about">
      <h3 id="${anchor}-title"><a href="#${anchor}">${name}</a></h3>
      <p>${marked(pushSentences[name])}</p>
      ${fieldTable("Data", schema, schemas)}
    </div>
    <div class="examples">${code("Data", compactJson(exampleValue(schema, schemas)))}</div>
  </article>`;
}
