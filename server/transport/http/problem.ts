import type { Response } from "express";

import { errorTable, type Problem, type Refusal } from "../../../protocol/errors.ts";

/** Answers a refusal as `application/problem+json` (RFC 9457), with `Retry-After` when there is a use in it. */
export function sendProblem(response: Response, refusal: Refusal): void {
  const { status, title } = errorTable[refusal.code];
  const problem: Problem = {
    type: `/docs#error-${refusal.code}`,
    title,
    status,
    detail: refusal.message,
    code: refusal.code,
    ...(refusal.issues === undefined ? {} : { errors: refusal.issues }),
    ...(refusal.sanction === undefined ? {} : { sanction: refusal.sanction }),
  };
  if (refusal.retryAfterMs !== undefined) {
    response.setHeader("Retry-After", Math.max(1, Math.ceil(refusal.retryAfterMs / 1_000)));
  }
  if (refusal.code === "unauthenticated") response.setHeader("WWW-Authenticate", "Bearer");
  response.status(status).type("application/problem+json").send(JSON.stringify(problem));
}
