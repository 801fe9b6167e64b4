import * as z from "zod";

import { SanctionNotice } from "./shapes.ts";

/** What one error code means: its HTTP status, whether the same request may work later, and a sentence. */
interface ErrorRow {
  status: number;
  retry: boolean;
  title: string;
}

/** Every refusal that Eddy answers. Sockets, REST, the client and the docs read this table. */
export const errorTable = {
  invalid: { status: 400, retry: false, title: "The input does not fit the schema." },
  unauthenticated: { status: 401, retry: false, title: "No token, or a bad or expired one." },
  forbidden: { status: 403, retry: false, title: "Your role does not allow this." },
  muted: { status: 403, retry: false, title: "You are muted here." },
  banned: { status: 403, retry: false, title: "You are banned here." },
  not_found: { status: 404, retry: false, title: "No such thing, or not for you to see." },
  conflict: {
    status: 409,
    retry: false,
    title: "It clashes with something that is there already.",
  },
  too_large: { status: 413, retry: false, title: "The text or the body is over its limit." },
  filtered: { status: 422, retry: false, title: "A filter of the room refused it." },
  locked: { status: 423, retry: false, title: "The room is locked or archived." },
  slow_mode: { status: 429, retry: true, title: "The room is in slow mode." },
  rate_limited: { status: 429, retry: true, title: "Too many requests." },
  busy: { status: 503, retry: true, title: "Too much is accepted but not yet stored." },
  unavailable: { status: 503, retry: true, title: "Something that Eddy needs is down." },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof errorTable;

export const ErrorCode = z.enum(Object.keys(errorTable) as [ErrorCode, ...ErrorCode[]]);

/** The `error` of a socket reply. */
export const ErrorReply = z.object({
  code: ErrorCode,
  message: z.string(),
  retryAfterMs: z.int().min(0).optional(),
  issues: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  /** With `muted` and `banned`. */
  sanction: SanctionNotice.optional(),
});
export type ErrorReply = z.infer<typeof ErrorReply>;

/** A refusal of REST (RFC 9457, `application/problem+json`). */
export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: ErrorCode,
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  sanction: SanctionNotice.optional(),
});
export type Problem = z.infer<typeof Problem>;

/** When to try again, where nobody knows better (ms). */
const RETRY_AFTER_MS = 1_000;

/** An expected refusal. Everything else that is thrown is a bug. */
export class Refusal extends Error {
  readonly code: ErrorCode;
  readonly retryAfterMs: number | undefined;
  readonly issues: ErrorReply["issues"];
  readonly sanction: ErrorReply["sanction"];

  constructor(
    code: ErrorCode,
    message: string = errorTable[code].title,
    details: {
      retryAfterMs?: number;
      issues?: ErrorReply["issues"];
      sanction?: ErrorReply["sanction"];
      cause?: unknown;
    } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "Refusal";
    this.code = code;
    this.retryAfterMs =
      details.retryAfterMs ?? (errorTable[code].retry ? RETRY_AFTER_MS : undefined);
    this.issues = details.issues;
    this.sanction = details.sanction;
  }

  /** The `error` of a socket reply. */
  toReply(): ErrorReply {
    return {
      code: this.code,
      message: this.message,
      ...(this.retryAfterMs === undefined ? {} : { retryAfterMs: this.retryAfterMs }),
      ...(this.issues === undefined ? {} : { issues: this.issues }),
      ...(this.sanction === undefined ? {} : { sanction: this.sanction }),
    };
  }
}
