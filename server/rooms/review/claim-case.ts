import type { TransactionSql } from "postgres";

import { type LockedCase, lockCase, setClaim } from "../../../db/postgres/cases.ts";
import { Refusal } from "../../../protocol/errors.ts";
import type { CaseId } from "../../../protocol/ids.ts";
import type { Deps, RoomAct, RoomCall } from "../act.ts";
import { mayReview } from "../policy.ts";
import { noSuchCase, readCase } from "./queue.ts";
import { tellOfCase } from "./tell.ts";

/** Claims a case: of two who race for it, one has it, and the other is told so. */
export const claimCase: RoomAct<"report:claim"> = (deps, call, { id }) =>
  setTo(deps, call, id, "claimed");

/** Gives a claimed case back. */
export const releaseCase: RoomAct<"report:release"> = (deps, call, { id }) =>
  setTo(deps, call, id, "released");

async function setTo(deps: Deps, call: RoomCall, id: CaseId, change: "claimed" | "released") {
  const { stores } = deps;
  const room = call.rules.row.id;
  const me = call.caller.user.id;
  const nowMs = deps.now();
  const { kind, author } = await stores.store.sql.begin(async (tx) => {
    const found = await lockForReview(tx, call, { id, nowMs });
    const by = change === "claimed" ? me : null;
    await setClaim(tx, { id, by, at: new Date(nowMs).toISOString() });
    return found;
  });
  await tellOfCase(deps, { room, id, kind, change, by: me, about: author });
  return readCase(deps, call, id);
}

/**
 * The case, locked for a moderator who may act on it now. Errors: `not_found`; `forbidden` about oneself;
 * `conflict` when it is resolved, or when another moderator has claimed it.
 */
export async function lockForReview(
  tx: TransactionSql,
  { caller, rank, rules }: RoomCall,
  { id, nowMs }: { id: CaseId; nowMs: number },
): Promise<LockedCase> {
  const found = await lockCase(tx, { room: rules.row.id, id, nowMs });
  if (found === null) throw noSuchCase();
  const decision = mayReview({ isAbout: found.author === caller.user.id, rank });
  if (!decision.allowed) throw new Refusal(decision.code, decision.message);
  if (found.isResolved) throw new Refusal("conflict", "This case is resolved already.");
  if (found.claimedBy !== null && found.claimedBy !== caller.user.id) {
    throw new Refusal("conflict", "Another moderator has claimed this case.", {
      retryAfterMs: found.claimedForMs,
    });
  }
  return found;
}
