import type { Command, Route } from "../../../protocol/command.ts";
import { type CommandName, commands } from "../../../protocol/commands.ts";
import { factTypes } from "../../../protocol/facts.ts";
import { PROTOCOL_VERSION } from "../../../protocol/version.ts";
import { COMPONENTS, type Schemas, jsonSchemas, mentionedIn } from "./json-schema.ts";
import { filePaths, operatingPaths } from "./openapi-operating.ts";
import { operationOf } from "./openapi-operation.ts";
import { problemExamples } from "./openapi-problems.ts";
import { factName } from "./schema-names.ts";
import { tableRows } from "./table-rows.ts";

/** An OpenAPI 3.1 document, as loose as JSON: a validator holds it to the standard in the tests. */
export interface OpenApiDocument {
  openapi: string;
  info: Record<string, unknown>;
  servers: { url: string }[];
  tags: { name: string }[];
  paths: Record<string, Record<string, unknown>>;
  components: Record<string, unknown>;
}

/** The REST half of the command table, with the pages that operators use. */
export function openApiDocument({ publicUrl }: { publicUrl: string }): OpenApiDocument {
  const schemas = jsonSchemas("draft-2020-12");
  const examples = problemExamples();
  const paths = { ...commandPaths(schemas), ...filePaths, ...operatingPaths };
  return {
    openapi: "3.1.0",
    info: {
      title: "Eddy",
      version: PROTOCOL_VERSION,
      description:
        "Real-time chat for drop-in rooms: conversations that never end. Live delivery is Socket.IO, described in /asyncapi.json; the guide is at /docs.",
    },
    servers: [{ url: publicUrl }],
    tags: tagNames().map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        bearer: {
          type: "http",
          scheme: "bearer",
          bearerFormat: "JWT",
          description: "From POST /v1/guests, or minted by the host application.",
        },
      },
      headers,
      examples,
      schemas: withDiscriminator(mentionedIn([paths, examples], schemas)),
    },
  };
}

const limitHeader = (description: string, example: string) => ({
  description,
  schema: { type: "string" },
  example,
});

const headers = {
  "RateLimit-Policy": limitHeader(
    "The limit that this command counts against.",
    '"command";q=120;w=60',
  ),
  RateLimit: limitHeader("What is left of it, and when it fills again.", '"command";r=119;t=60'),
  "Retry-After": {
    description: "Seconds to wait before the same request may work.",
    schema: { type: "integer", minimum: 0 },
  },
};

function commandPaths(schemas: Schemas): Record<string, Record<string, unknown>> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [name, command] of restCommands()) {
    const path = `/v1${command.rest.path.replaceAll(/:(\w+)/gu, "{$1}")}`;
    const operation = operationOf(name, command, schemas);
    paths[path] = { ...paths[path], [command.rest.method.toLowerCase()]: operation };
  }
  return paths;
}

function restCommands(): [CommandName, Command & { rest: Route }][] {
  return tableRows<CommandName, Command>(commands).flatMap(([name, command]) =>
    command.rest === null ? [] : [[name, { ...command, rest: command.rest }]],
  );
}

function tagNames(): string[] {
  return [...new Set([...restCommands().map(([name]) => name.replace(/:.*/u, "")), "operating"])];
}

/** Lets generators turn a fact into a tagged union instead of trying one schema after another. */
function withDiscriminator(schemas: Schemas): Schemas {
  const mapping = factTypes.map((type) => [type, COMPONENTS + factName(type)]);
  const discriminator = { propertyName: "type", mapping: Object.fromEntries(mapping) };
  return { ...schemas, Fact: { ...schemas.Fact, discriminator } };
}
