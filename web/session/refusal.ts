import { Refusal } from "../../client/index.ts";

/** What to tell a person about something that went wrong. */
export function sentenceOf(error: unknown): string {
  if (!(error instanceof Refusal)) return "Something went wrong. Please try again.";
  const [issue] = error.issues ?? [];
  if (issue !== undefined) return `${issue.message}.`;
  if (error.code === "unavailable") return "The server cannot be reached just now.";
  if (error.code === "rate_limited") return "That was quick. Please wait a moment.";
  return error.message;
}
