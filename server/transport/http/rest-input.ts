import type { Request } from "express";
import type { z } from "zod";

import { type CommandName, commands } from "../../../protocol/commands.ts";
import { Refusal } from "../../../protocol/errors.ts";

/** Puts a request's path, query and body together as a command's input. */
export type ReadInput = (request: Request) => unknown;

/** Prepares reading a command's input: which of its fields are numbers is settled once. */
export function inputReader(name: CommandName): ReadInput {
  const numeric = numericFields(commands[name].input);
  const takesIdempotencyKey = name === "message:send";
  return (request) => {
    const body: unknown = request.body ?? {};
    if (typeof body !== "object" || body === null || Array.isArray(body)) {
      throw invalid("", "The body must be a JSON object");
    }
    const input: Record<string, unknown> = Object.assign(Object.create(null), body);
    for (const [source, values] of [
      ["path", request.params],
      ["query", request.query],
    ] as const) {
      for (const [field, value] of Object.entries(values)) {
        if (Object.hasOwn(input, field)) throw invalid(field, `Named twice: in the ${source}, too`);
        input[field] = numeric.has(field) && isDigits(value) ? Number(value) : value;
      }
    }
    if (takesIdempotencyKey) addIdempotencyKey(input, request.get("Idempotency-Key"));
    return { ...input };
  };
}

/** `Idempotency-Key` is another name of a send's clientId. */
function addIdempotencyKey(input: Record<string, unknown>, header: string | undefined): void {
  if (header === undefined) return;
  const key = header.replaceAll('"', "").trim();
  if (input["clientId"] !== undefined && input["clientId"] !== key) {
    throw invalid("clientId", "It differs from the Idempotency-Key");
  }
  input["clientId"] = key;
}

/** Paths and queries are text; a field that takes a number and no text is meant as a number. */
function numericFields(input: z.ZodObject): Set<string> {
  return new Set(
    Object.entries(input.shape)
      .filter(([, field]: [string, z.core.$ZodType]) => {
        const schema = field as z.ZodType;
        return schema.safeParse(1).success && !schema.safeParse("1").success;
      })
      .map(([field]) => field),
  );
}

function isDigits(value: unknown): value is string {
  return typeof value === "string" && /^\d{1,16}$/u.test(value);
}

function invalid(path: string, message: string): Refusal {
  return new Refusal("invalid", "The request does not fit.", { issues: [{ path, message }] });
}
