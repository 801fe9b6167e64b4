import type { Fact, User } from "../../client/index.ts";
import { announce } from "../parts/announce.tsx";
import { blocked } from "../people/blocked.ts";

/** Tells listeners of the page what others have just said: a few in full, many as a count. */
export function announceFacts(facts: readonly Fact[], me: User): void {
  const said = facts
    .filter((fact) => fact.type === "message.sent")
    .filter(({ by }) => by.id !== me.id && !blocked.peek().has(by.id));
  const [first] = said;
  if (first === undefined) return;
  if (said.length > 2) return announce(`${said.length} new messages`);
  announce(said.map(({ by, text }) => `${by.name}: ${text ?? ""}`).join(". "));
}
