import type { Case, ReportCategory } from "../../client/index.ts";
import { counted } from "../parts/clock.ts";

/** What people call what is wrong with a message. */
export const categoryWords = {
  spam: "Spam or advertising",
  harassment: "Harassment",
  hate: "Hate",
  violence: "Threats or violence",
  sexual: "Sexual content",
  self_harm: "Somebody may harm themselves",
  personal_data: "Private details of somebody",
  other: "Something else",
} as const satisfies Record<ReportCategory, string>;

/** What a case is about, in a line. */
export function headlineOf({ kind, author, rule, reporters, categories }: Case): string {
  if (kind === "join") return `${author.name} asks to join`;
  if (kind === "held") return `Held back from ${author.name}`;
  const worst = (Object.keys(categories) as ReportCategory[]).map((each) => categoryWords[each]);
  if (reporters === 0) return `${author.name} met the rule “${rule ?? ""}”`;
  return `${author.name}: ${worst.join(", ")} · ${counted(reporters, "reporter")}`;
}

/** What became of a case. */
export const actionWords = {
  dismiss: "Dismiss",
  remove: "Remove the message",
  sanction: "Sanction",
  approve: "Approve",
  refuse: "Refuse",
} as const;
