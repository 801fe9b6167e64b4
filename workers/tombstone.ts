import type { Fact } from "../protocol/facts.ts";
import { UserId } from "../protocol/ids.ts";

/** Eddy itself, where a fact needs an author and no person is it. */
export const NOBODY = UserId.parse("00000000-0000-0000-0000-000000000000");

/** What stands at the seq of an entry that could not be stored: the log has no holes. */
export function tombstoneAt(seq: number, at: string): Fact {
  return {
    seq,
    type: "message.removed",
    at,
    by: { id: NOBODY, name: "Eddy" },
    target: seq,
    reason: "It could not be stored.",
  };
}
