import type * as z from "zod";

import { Refusal } from "../../../protocol/errors.ts";

/** What a route that is no command was asked for. Errors: `invalid`. */
export function parseQuery<S extends z.ZodType>(schema: S, given: unknown): z.output<S> {
  const asked = schema.safeParse(given);
  if (asked.success) return asked.data;
  throw new Refusal("invalid", "The input does not fit its schema.", {
    issues: asked.error.issues.map(({ path, message }) => ({ path: path.join("."), message })),
  });
}
