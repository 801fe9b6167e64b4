import type { z } from "zod";

import { type CommandName, commands, type ParsedInput } from "../../protocol/commands.ts";
import { Refusal } from "../../protocol/errors.ts";
import { MAX_JSON_DEPTH } from "../../protocol/limits.ts";

const MOST_ISSUES = 20;
/** Zod names every unknown key: a frame full of them would be answered with a longer one. */
const MOST_OF_AN_ISSUE = 300;

/** A command's input, checked against its schema. Errors: `invalid` with issues, `too_large`. */
export function parseInput<N extends CommandName>(name: N, raw: unknown): ParsedInput<N> {
  if (isDeeperThan(raw, MAX_JSON_DEPTH)) {
    throw new Refusal("invalid", `The input nests deeper than ${MAX_JSON_DEPTH} levels.`, {
      issues: [{ path: "", message: "Too deep" }],
    });
  }
  const schema: z.ZodType = commands[name].input;
  const parsed = schema.safeParse(raw ?? {});
  if (parsed.success) return parsed.data as ParsedInput<N>;
  const found = parsed.error.issues.flatMap(withoutUnions);
  const issues = found.slice(0, MOST_ISSUES).map((issue) => ({
    path: issue.path.map(String).join("."),
    message: shortened(issue.message),
  }));
  const tooLarge = found.find(
    (issue) => issue.code === "custom" && issue.params?.["eddyCode"] === "too_large",
  );
  if (tooLarge !== undefined) throw new Refusal("too_large", tooLarge.message, { issues });
  throw new Refusal("invalid", `The input of ${name} does not fit its schema.`, { issues });
}

/** What is wrong with a value of several forms is what is wrong with it in the first, usual one. */
function withoutUnions(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
  const usual = issue.code === "invalid_union" ? issue.errors[0] : undefined;
  return usual?.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })) ?? [issue];
}

function shortened(message: string): string {
  if (message.length <= MOST_OF_AN_ISSUE) return message;
  return `${message.slice(0, MOST_OF_AN_ISSUE).toWellFormed()}…`;
}

/** Whether a JSON value nests deeper than a bound; walks no further than the bound, on no recursion. */
function isDeeperThan(value: unknown, bound: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    const next = level.flatMap((item) =>
      typeof item === "object" && item !== null && !ArrayBuffer.isView(item)
        ? Object.values(item)
        : [],
    );
    if (depth > bound) return true;
    level = next;
  }
  return false;
}
