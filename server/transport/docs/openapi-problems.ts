import { type ErrorCode, type Problem, errorTable } from "../../../protocol/errors.ts";
import { refTo } from "./json-schema.ts";
import { tableRows } from "./table-rows.ts";

const header = (name: string) => ({ $ref: `#/components/headers/${name}` });

/** The headers by which every answer under /v1 tells where its limit stands. */
export const limitHeaders = {
  "RateLimit-Policy": header("RateLimit-Policy"),
  RateLimit: header("RateLimit"),
};

/** One response for each HTTP status among these codes, with an example for each code. */
export function problemResponses(codes: ErrorCode[]): Record<string, unknown> {
  const statuses = [...new Set(codes.map((code) => errorTable[code].status))];
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      problemResponse(codes.filter((code) => errorTable[code].status === status)),
    ]),
  );
}

/** One example of a problem for each code, to stand under `#/components/examples`. */
export function problemExamples(): Record<string, { summary: string; value: Problem }> {
  return Object.fromEntries(
    tableRows(errorTable).map(([code, { title }]) => [
      code,
      { summary: title, value: exampleProblem(code) },
    ]),
  );
}

/** What REST answers for a code. */
export function exampleProblem(code: ErrorCode): Problem {
  const { status, title } = errorTable[code];
  return {
    type: `/docs#error-${code}`,
    title,
    status,
    detail: title,
    code,
    ...(code === "invalid" ? { errors: [{ path: "text", message: "The text is blank" }] } : {}),
  };
}

function problemResponse(codes: ErrorCode[]) {
  const mayRetry = codes.some((code) => errorTable[code].retry);
  return {
    description: codes.map((code) => `\`${code}\`: ${errorTable[code].title}`).join(" "),
    headers: { ...limitHeaders, ...(mayRetry ? { "Retry-After": header("Retry-After") } : {}) },
    content: {
      "application/problem+json": {
        schema: refTo("Problem"),
        examples: Object.fromEntries(
          codes.map((code) => [code, { $ref: `#/components/examples/${code}` }]),
        ),
      },
    },
  };
}
