import type { Command, Route } from "../../../protocol/command.ts";
import type { CommandName } from "../../../protocol/commands.ts";
import { codesOf } from "./command-codes.ts";
import { exampleInput, exampleOutput } from "./example.ts";
import { type JsonSchema, type Schemas, refTo, resolved } from "./json-schema.ts";
import { limitHeaders, problemResponses } from "./openapi-problems.ts";
import { restInput } from "./rest-input.ts";
import { camelCase, inputName, outputName } from "./schema-names.ts";
import { countsAs, whoMay } from "./who-and-rate.ts";

/** The OpenAPI operation of a command's REST twin. */
export function operationOf(
  name: CommandName,
  command: Command & { rest: Route },
  schemas: Schemas,
): Record<string, unknown> {
  const input = resolved(refTo(inputName(name)), schemas);
  const { path, query, body } = restInput(command, command.rest);
  const example = exampleInput(name, schemas);
  const parameters = [
    ...path.map((field) => parameter("path", field, input, example)),
    ...query.map((field) => parameter("query", field, input, example)),
    ...(body.includes(IDEMPOTENCY_FIELD) ? [idempotencyKey] : []),
  ];
  return {
    operationId: camelCase(name),
    summary: command.summary,
    description: descriptionOf(name, command),
    tags: [name.replace(/:.*/u, "")],
    security: command.who === "anyone" ? [] : [{ bearer: [] }],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body.length === 0 ? {} : { requestBody: requestBody(name, body, input, example) }),
    responses: {
      [command.rest.status]: success(name, command.rest, schemas),
      ...problemResponses(codesOf(command)),
    },
  };
}

/** The field that REST callers may also send as a header, where proxies and retries know it. */
const IDEMPOTENCY_FIELD = "clientId";

const idempotencyKey = {
  name: "Idempotency-Key",
  in: "header",
  required: false,
  description: `The \`${IDEMPOTENCY_FIELD}\`, here instead of in the body. The same key with the same body is the same message; with another body it is a conflict.`,
  schema: refTo("ClientId"),
};

function descriptionOf(name: string, { who, rate, socket }: Command): string {
  const event = socket ? ` Also the Socket.IO event \`${name}\`.` : "";
  return `${whoMay[who]}. Counts as ${countsAs[rate]}.${event}`;
}

function parameter(
  place: "path" | "query",
  field: string,
  input: JsonSchema,
  example: Record<string, unknown>,
) {
  return {
    name: field,
    in: place,
    required: input.required?.includes(field) ?? false,
    schema: input.properties?.[field],
    ...(field in example ? { example: example[field] } : {}),
  };
}

function requestBody(
  name: CommandName,
  body: string[],
  input: JsonSchema,
  example: Record<string, unknown>,
) {
  const isWhole = body.length === Object.keys(input.properties ?? {}).length;
  const required = (input.required ?? []).filter(
    (field) => body.includes(field) && field !== IDEMPOTENCY_FIELD,
  );
  const part = {
    type: "object",
    properties: only(body, input.properties ?? {}),
    ...(required.length === 0 ? {} : { required }),
    additionalProperties: false,
  };
  return {
    required: required.length > 0,
    content: {
      "application/json": {
        schema: isWhole ? refTo(inputName(name)) : part,
        example: only(body, example),
      },
    },
  };
}

function only(fields: string[], from: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(from).filter(([field]) => fields.includes(field)));
}

function success(name: CommandName, { status }: Route, schemas: Schemas) {
  if (status === 204) return { description: "Done; no body.", headers: limitHeaders };
  return {
    description: status === 201 ? "Created." : "Done.",
    headers: limitHeaders,
    content: {
      "application/json": {
        schema: refTo(outputName(name)),
        example: exampleOutput(name, schemas),
      },
    },
  };
}
