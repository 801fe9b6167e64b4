import type { Command } from "../../../../protocol/command.ts";
import { type CommandName, commands } from "../../../../protocol/commands.ts";
import { codesOf } from "../command-codes.ts";
import { type Content, type Html, html, joined, marked } from "../html.ts";
import { type Schemas, refTo } from "../json-schema.ts";
import { inputName, outputName } from "../schema-names.ts";
import { tableRows } from "../table-rows.ts";
import { countsAs, whoMay } from "../who-and-rate.ts";
import { breakable } from "./breakable.ts";
import { commandExamples } from "./command-examples.ts";
import { fieldTable } from "./field-table.ts";
import { schemaType } from "./schema-type.ts";
import { shapeNames } from "./shapes.ts";

/** Commands by the thing that they act on, in the order of the table. */
export function commandGroups(): [string, [CommandName, Command][]][] {
  const rows = tableRows<CommandName, Command>(commands);
  const groups = [...new Set(rows.map(([name]) => groupOf(name)))];
  return groups.map((group) => [group, rows.filter(([name]) => groupOf(name) === group)]);
}

/** What a command acts on: `message:send` belongs to `message`. */
function groupOf(name: string): string {
  return name.replace(/:.*/u, "");
}

/** Where a command stands on the page. */
export function commandAnchor(name: string): string {
  return `command-${name.replace(":", "-")}`;
}

/** Every command, with its input, its output and an example. */
export function commandsSection(context: { schemas: Schemas; publicUrl: string }): Html {
  return html`<section id="commands" aria-labelledby="commands-title">
    <h2 id="commands-title">Commands</h2>
    <div class="prose">
      <p>
        A command is something you ask for. Each is defined once and offered as a Socket.IO event
        with an acknowledgement, as a REST route, or as both; the input is the same, and so is what
        may be refused.
      </p>
      <p>
        A socket reply is <code>{ ok: true, …output }</code> or <code>{ ok: false, error }</code>.
        REST answers the output itself, or a <a href="#errors">problem</a>. The path, the query and
        the body of a request together are the input.
      </p>
    </div>
    ${commandGroups().map(
      ([group, rows]) =>
        html`<section aria-labelledby="group-${group}">
          <h3 id="group-${group}">${group}</h3>
          ${rows.map(([name, command]) => commandArticle(name, command, context))}
        </section>`,
    )}
  </section>`;
}

function commandArticle(
  name: CommandName,
  command: Command,
  context: { schemas: Schemas; publicUrl: string },
): Html {
  const anchor = commandAnchor(name);
  return html`<article class="command" id="${anchor}" aria-labelledby="${anchor}-title">
    <div class="about">
      <h4 id="${anchor}-title"><a href="#${anchor}">${name}</a></h4>
      <p>${marked(command.summary)}</p>
      <dl class="facts">
        ${
          command.socket
            ? html`<div>
                <dt>Event</dt>
                <dd><code>${name}</code></dd>
              </div>`
            : null
        }
        ${routeRow(command)}
        <div>
          <dt>Who may</dt>
          <dd>${whoMay[command.who]}</dd>
        </div>
        <div>
          <dt>Counts as</dt>
          <dd>${countsAs[command.rate]}</dd>
        </div>
      </dl>
      ${fieldTable("Input", refTo(inputName(name)), context.schemas)}
      ${output(name, context.schemas)}
      <p class="caption">Refusals <span>${codeLinks(command)}</span></p>
    </div>
    ${commandExamples(name, command, context)}
  </article>`;
}

/** A shape that stands among the shapes is not spelled out again. */
function output(name: CommandName, schemas: Schemas): Html {
  const schema = refTo(outputName(name));
  return shapeNames(schemas).includes(outputName(name))
    ? html`<p class="caption">Output <span class="type">${schemaType(schema)}</span></p>`
    : fieldTable("Output", schema, schemas);
}

function routeRow({ rest }: Command): Html | null {
  if (rest === null) return null;
  const { method, path, status } = rest;
  return html`<div>
    <dt>Route</dt>
    <dd>
      <code
        ><b class="method ${method.toLowerCase()}">${method}</b> ${breakable(`/v1${path}`)}</code
      >
      <span class="status">${status}</span>
    </dd>
  </div>`;
}

function codeLinks(command: Command): Content {
  const links = codesOf(command).map((code) => html`<a href="#error-${code}">${code}</a>`);
  return joined(links, ", ");
}
