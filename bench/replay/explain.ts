import { Refusal } from "../../client/index.ts";
import { InputError } from "./input-error.ts";

/** What went wrong and what to do about it. Only a bug shows its stack. */
export function explain(error: unknown): string {
  if (error instanceof InputError) return error.message;
  if (error instanceof Refusal) return explainRefusal(error);
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ENOENT" || code === "EACCES" || code === "EISDIR") return error.message;
  if (code?.startsWith("ERR_PARSE_ARGS") === true) return error.message;
  if (code === "ECONNREFUSED") return "The database does not answer: is --database right?";
  return error.stack ?? error.message;
}

function explainRefusal(refusal: Refusal): string {
  const { code, message } = refusal;
  if (code === "rate_limited") {
    return `The server answers rate_limited: start it with LIMITS=off. (${message})`;
  }
  if (code === "unavailable") return `${message}. Does Eddy run there? (npm start; --url)`;
  return `The server refuses: ${code}. ${message}`;
}
