import { ErrorCode, ErrorReply, errorTable, Problem, Refusal } from "../protocol/errors.ts";
import { given } from "./given.ts";

/** The refusal that a socket reply's `error` describes. */
export function refusalFromReply({
  code,
  message,
  retryAfterMs,
  issues,
  sanction,
}: ErrorReply): Refusal {
  return new Refusal(code, message, given({ retryAfterMs, issues, sanction }));
}

/** What an `error` of the server says; something that is none of ours becomes `unavailable`. */
export function readErrorReply(error: unknown, fallback: string): ErrorReply {
  const parsed = ErrorReply.safeParse(error);
  if (parsed.success) return parsed.data;
  return { code: "unavailable", message: fallback, ...given({ retryAfterMs: hintIn(error) }) };
}

/**
 * The refusal in a REST answer: an RFC 9457 problem, or whatever a proxy put in its place, told
 * by its status. `retryAfter` is the header, in seconds.
 */
export function refusalFromProblem(
  body: unknown,
  { status, retryAfter }: { status: number; retryAfter: string | null },
): Refusal {
  const seconds = retryAfter === null ? Number.NaN : Number(retryAfter);
  const hint = Number.isFinite(seconds) ? { retryAfterMs: Math.max(0, seconds) * 1_000 } : {};
  const parsed = Problem.safeParse(body);
  if (!parsed.success) return new Refusal(codeForStatus(status), `HTTP ${status}`, hint);
  const { code, detail, errors, sanction } = parsed.data;
  return new Refusal(code, detail, {
    ...hint,
    ...given({ issues: errors, sanction }),
  });
}

function hintIn(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null || !("retryAfterMs" in error)) return undefined;
  const { retryAfterMs } = error;
  return typeof retryAfterMs === "number" && retryAfterMs >= 0 ? retryAfterMs : undefined;
}

/** Several codes share a status; of those, the one that claims the least. */
function codeForStatus(status: number): ErrorCode {
  if (status >= 500) return "unavailable";
  if (status === 429) return "rate_limited";
  return ErrorCode.options.find((code) => errorTable[code].status === status) ?? "invalid";
}
