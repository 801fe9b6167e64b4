import { Refusal } from "../../protocol/errors.ts";

/** How a thrown value is answered: refusals as they are, troubles of the stores as `unavailable`, else null: a bug. */
export function toRefusal(error: unknown): Refusal | null {
  if (error instanceof Refusal) return error;
  if (isStoreTrouble(error)) {
    return new Refusal("unavailable", "A store that Eddy needs is away; try again in a moment.", {
      retryAfterMs: 1_000,
      cause: error,
    });
  }
  return null;
}

/** What a bug is answered with: the log has the rest. */
export function somethingWentWrong(cause: unknown): Refusal {
  return new Refusal("unavailable", "Something went wrong on our side; try again in a moment.", {
    retryAfterMs: 1_000,
    cause,
  });
}

const REDIS_TROUBLE =
  /Stream isn't writeable|Connection is closed|Command timed out|max retries per request|^(?:LOADING|READONLY|OOM|MISCONF|MASTERDOWN|CLUSTERDOWN|BUSY|NOREPLICAS)\b/u;
const NETWORK_TROUBLE = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "CONNECTION_CLOSED",
  "CONNECTION_ENDED",
  "CONNECTION_DESTROYED",
  "CONNECT_TIMEOUT",
]);

/**
 * Whether an error says that a store is away, slow or read-only rather than that we are wrong.
 * SQLSTATE classes: 08 connection, 53 resources, 57 intervention and time-outs, 40 rollback, 25006
 * read-only, 55P03 lock time-out.
 */
function isStoreTrouble(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isStoreTrouble);
  if (!(error instanceof Error)) return false;
  if (REDIS_TROUBLE.test(error.message) || error.name === "MaxRetriesPerRequestError") return true;
  const { code } = error as { code?: unknown };
  if (typeof code === "string") {
    if (NETWORK_TROUBLE.has(code)) return true;
    if (/^(?:08|53|57|40)[0-9A-Z]{3}$/u.test(code) || code === "25006" || code === "55P03")
      return true;
  }
  // Drizzle wraps what Postgres says.
  return error.cause !== undefined && isStoreTrouble(error.cause);
}
