import specs from "@asyncapi/specs";
import { describe, expect, test } from "@jest/globals";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv } from "ajv";
import addFormats from "ajv-formats";

import type { Command } from "../../protocol/command.ts";
import { type CommandName, commands } from "../../protocol/commands.ts";
import { type ErrorCode, errorTable } from "../../protocol/errors.ts";
import { pushes } from "../../protocol/facts.ts";
import { asyncApiDocument } from "../../server/transport/docs/asyncapi.ts";
import { codesOf } from "../../server/transport/docs/command-codes.ts";
import { openApiDocument } from "../../server/transport/docs/openapi.ts";
import { camelCase } from "../../server/transport/docs/schema-names.ts";
import { tableRows } from "../../server/transport/docs/table-rows.ts";

const publicUrl = "https://eddy.example";
const openApi = openApiDocument({ publicUrl });
const asyncApi = asyncApiDocument({ publicUrl });
const rows = tableRows<CommandName, Command>(commands);

describe("openapi.json", () => {
  test("is valid OpenAPI 3.1", async () => {
    const { valid, errors } = await new Validator().validate(structuredClone({ ...openApi }));
    expect(errors).toBeUndefined();
    expect(valid).toBe(true);
  });

  test.each(rows.filter(([, { rest }]) => rest !== null))("describes %s", (name, command) => {
    const { method, path, status } = command.rest ?? { method: "", path: "", status: 0 };
    const template = `/v1${path.replaceAll(/:(\w+)/gu, "{$1}")}`;
    const operation = openApi.paths[template]?.[method.toLowerCase()];
    expect(operation).toMatchObject({
      operationId: camelCase(name),
      summary: command.summary,
      security: command.who === "anyone" ? [] : [{ bearer: [] }],
      responses: expect.objectContaining({ [status]: expect.anything() }),
    });
    expect(fieldsOf(operation)).toEqual(new Set(Object.keys(command.input.shape)));
  });

  test("a send takes its clientId as Idempotency-Key too, so its body may leave it out", () => {
    const send = openApi.paths["/v1/rooms/{room}/messages"]?.["post"];
    expect(send).toMatchObject({
      parameters: expect.arrayContaining([
        expect.objectContaining({ name: "Idempotency-Key", in: "header", required: false }),
      ]),
      requestBody: { content: { "application/json": { schema: { required: ["text"] } } } },
    });
  });

  test("every reference points at something", () => {
    expect(brokenReferences(openApi)).toEqual([]);
  });
});

describe("asyncapi.json", () => {
  test("is valid AsyncAPI 3.0", () => {
    const ajv = new Ajv({ strict: false });
    addFormats.default(ajv);
    const validate = ajv.compile(Object(specs.schemasWithoutId["3.0.0"]));
    validate(structuredClone({ ...asyncApi }));
    expect(validate.errors).toBeNull();
  });

  test.each(rows.filter(([, { socket }]) => socket))("sends %s and awaits its reply", (name) => {
    expect(asyncApi.operations[camelCase(name)]).toMatchObject({
      action: "send",
      title: name,
      reply: { messages: [expect.anything()] },
    });
  });

  test.each(Object.keys(pushes))("receives %s", (name) => {
    const operation = asyncApi.operations[camelCase(`on-${name}`)];
    expect(operation).toMatchObject({ action: "receive", title: name });
  });

  test("every reference points at something", () => {
    expect(brokenReferences(asyncApi)).toEqual([]);
  });
});

test.each(rows)("%s is in one of the two documents", (name) => {
  const written = JSON.stringify([openApi.paths, asyncApi.operations]);
  expect(written).toContain(`"${camelCase(name)}"`);
});

test.each(tableRows(errorTable))("some command may answer %s", (code: ErrorCode) => {
  expect(rows.some(([, command]) => codesOf(command).includes(code))).toBe(true);
});

/** Every field that an operation takes, wherever it goes. */
function fieldsOf(operation: unknown): Set<string> {
  const { parameters = [], requestBody } = Object(operation);
  const body = requestBody?.content["application/json"].schema ?? {};
  const { properties = {} } = body.$ref === undefined ? body : Object(pointed(openApi, body.$ref));
  const named = parameters.filter((parameter: { in: string }) => parameter.in !== "header");
  const names = named.map((parameter: { name: string }) => parameter.name);
  return new Set([...names, ...Object.keys(properties)]);
}

function brokenReferences(document: object): string[] {
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/gu)];
  return references
    .map(([, ref = ""]) => ref)
    .filter((ref) => pointed(document, ref) === undefined);
}

/** What a reference of the document points at. */
function pointed(document: unknown, ref: string): unknown {
  const steps = ref.replace("#/", "").split("/");
  return steps.reduce((node: unknown, step) => Object(node)[step], document);
}
