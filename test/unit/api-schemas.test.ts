import { describe, expect, test } from "@jest/globals";
import addFormats from "ajv-formats";
import { Ajv2020 } from "ajv/dist/2020.js";

import { commandNames, commands } from "../../protocol/commands.ts";
import { factSchemas, pushes } from "../../protocol/facts.ts";
import { exampleInput, exampleOutput, exampleValue } from "../../server/transport/docs/example.ts";
import { jsonSchemas, mentionedIn, refTo } from "../../server/transport/docs/json-schema.ts";
import {
  factName,
  inputName,
  outputName,
  pushName,
} from "../../server/transport/docs/schema-names.ts";
import { shapeNotes } from "../../server/transport/docs/shape-notes.ts";

const schemas = jsonSchemas("draft-2020-12");

const ajv = new Ajv2020({ strict: false });
addFormats.default(ajv);
ajv.addSchema({ $id: "eddy", components: { schemas } });

/** Whether a value fits the schema of that name, as any JSON Schema validator sees it. */
function fits(name: string, value: unknown): boolean {
  return ajv.validate({ $ref: `eddy#/components/schemas/${name}` }, value);
}

describe("every example in the API pages is one that Eddy itself would take or give", () => {
  test.each(commandNames)("%s", (name) => {
    const input = exampleInput(name, schemas);
    const output = exampleOutput(name, schemas);
    expect(commands[name].input.parse(input)).toMatchObject(input);
    expect(commands[name].output.parse(output)).toEqual(output);
    expect(fits(inputName(name), input)).toBe(true);
    expect(fits(outputName(name), output)).toBe(true);
  });

  test.each(Object.entries(factSchemas))("fact %s", (type, schema) => {
    const fact = exampleValue(refTo(factName(type)), schemas);
    expect(schema.parse(fact)).toEqual(fact);
    expect(fits(factName(type), fact)).toBe(true);
    expect(fits("Fact", fact)).toBe(true);
  });

  test.each(Object.entries(pushes))("push %s", (push, schema) => {
    const data = exampleValue(refTo(pushName(push)), schemas);
    expect(schema.parse(data)).toEqual(data);
    expect(fits(pushName(push), data)).toBe(true);
  });
});

test("callers may leave out what has a default, and may not send what is unknown", () => {
  expect(fits("RoomEnterInput", { room: "watercooler" })).toBe(true);
  expect(fits("RoomEnterInput", { room: "watercooler", seq: 1 })).toBe(false);
});

test("a reply may gain fields without breaking those who check it", () => {
  const reply = exampleOutput("message:send", schemas);
  expect(fits("MessageSendOutput", { ...reply, new: true })).toBe(true);
});

test("every reference points at a schema", () => {
  const names = Object.keys(mentionedIn(schemas, schemas));
  const written = JSON.stringify(schemas).matchAll(/#\/components\/schemas\/([^"]+)/gu);
  expect(new Set(names)).toEqual(new Set([...written].map(([, name]) => name)));
});

test("every note is about a shape that exists", () => {
  expect(Object.keys(schemas)).toEqual(expect.arrayContaining(Object.keys(shapeNotes)));
});
