import type { History } from "../history.ts";
import { oneContent } from "./c01-one-content.ts";
import { oneSeq } from "./c02-one-seq.ts";
import { nothingLost } from "./c03-nothing-lost.ts";
import { noGap } from "./c04-no-gap.ts";
import { forward } from "./c05-forward.ts";
import { acksAscend } from "./c06-acks-ascend.ts";
import { failedNeverAppears } from "./c07-failed-never-appears.ts";
import { realTimeOrder } from "./c08-real-time-order.ts";
import { bannedAreSilent } from "./c09-banned-are-silent.ts";
import { viewsAgree } from "./c10-views-agree.ts";
import { fewSeedings } from "./c11-few-seedings.ts";
import { readYourWrites } from "./c12-read-your-writes.ts";
import { bounded } from "./c13-bounded.ts";
import { atRest } from "./c14-at-rest.ts";
import { rightsEnd } from "./c15-rights-end.ts";
import type { Check } from "./check.ts";

/** The history checker: each check by its number. */
export const checks = {
  C1: oneContent,
  C2: oneSeq,
  C3: nothingLost,
  C4: noGap,
  C5: forward,
  C6: acksAscend,
  C7: failedNeverAppears,
  C8: realTimeOrder,
  C9: bannedAreSilent,
  C10: viewsAgree,
  C11: fewSeedings,
  C12: readYourWrites,
  C13: bounded,
  C14: atRest,
  C15: rightsEnd,
} satisfies Record<string, Check>;

export type CheckName = keyof typeof checks;

/** What is wrong with a history, by check; those that hold are left out. */
export function judge(history: History): Partial<Record<CheckName, string[]>> {
  return Object.fromEntries(
    Object.entries(checks)
      .map(([name, check]) => [name, check(history)] as const)
      .filter(([, problems]) => problems.length > 0),
  );
}
