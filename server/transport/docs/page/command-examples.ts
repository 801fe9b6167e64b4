import type { Command, Route } from "../../../../protocol/command.ts";
import type { CommandName } from "../../../../protocol/commands.ts";
import { exampleInput, exampleOutput } from "../example.ts";
import { type Html, html } from "../html.ts";
import type { Schemas } from "../json-schema.ts";
import { restInput } from "../rest-input.ts";
import { code, compactJson } from "./code.ts";

type Example = Record<string, unknown>;

/** How to give a command, on each transport that has it, and what comes back. */
export function commandExamples(
  name: CommandName,
  command: Command,
  { schemas, publicUrl }: { schemas: Schemas; publicUrl: string },
): Html {
  const input = exampleInput(name, schemas);
  const output = exampleOutput(name, schemas);
  const reply = command.socket ? { ok: true, ...output } : output;
  return html`<div class="examples">
    ${command.socket ? code("Socket.IO", emitted(name, input)) : null}
    ${command.rest === null ? null : code("REST", curl(command, command.rest, input, publicUrl))}
    ${command.rest?.status === 204 ? null : code("Reply", compactJson(reply))}
  </div>`;
}

function emitted(name: string, input: Example): string {
  return `await socket.emitWithAck("${name}", ${compactJson(input)})`;
}

function curl(command: Command, route: Route, input: Example, publicUrl: string): string {
  const { body, query } = restInput(command, route);
  const path = route.path.replaceAll(/:(\w+)/gu, (_, field: string) => inUrl(input[field]));
  const search = query
    .filter((field) => field in input)
    .map((field) => `${field}=${inUrl(input[field])}`)
    .join("&");
  const given = Object.fromEntries(
    body.flatMap((field) => (field in input ? [[field, input[field]]] : [])),
  );
  return [
    `curl${route.method === "GET" ? "" : ` -X ${route.method}`} '${publicUrl}/v1${path}${search === "" ? "" : `?${search}`}'`,
    ...(command.who === "anyone" ? [] : [`-H "Authorization: Bearer $TOKEN"`]),
    ...(body.length === 0
      ? []
      : [`-H "Content-Type: application/json"`, `-d '${quotable(compactJson(given, 2))}'`]),
  ].join(" \\\n  ");
}

/** Examples hold only text and numbers where the path or the query takes them. */
function inUrl(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? encodeURIComponent(value) : "";
}

/** A shell ends a quoted word at the first apostrophe. */
function quotable(text: string): string {
  return text.replaceAll("'", String.raw`'\''`);
}
