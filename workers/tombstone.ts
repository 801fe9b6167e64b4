import type { Fact } from "../protocol/facts.ts";
import { EDDY } from "../protocol/ids.ts";

/** What stands at the seq of an entry that could not be stored: the log has no holes. */
export function tombstoneAt(seq: number, at: string): Fact {
  return {
    seq,
    type: "message.removed",
    at,
    by: { id: EDDY, name: "Eddy" },
    target: seq,
    reason: "It could not be stored.",
  };
}
