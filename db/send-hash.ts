import { hash } from "node:crypto";

/** What tells a repeat from a clash: the said, not the way it was said. */
export function sendHash(text: string, replyTo: number | undefined): string {
  return hash("sha1", `${replyTo ?? ""}\n${text}`, "base64url").slice(0, 16);
}
