import { tellBars } from "../db/bars.ts";
import { expireSanctions } from "../db/expire-sanctions.ts";
import { appendPending, roomsWithPending } from "../db/pending-facts.ts";
import { barsToTell } from "../db/postgres/bars.ts";
import { eraseEvidence } from "../db/postgres/cases.ts";
import { eraseRemovedTexts } from "../db/postgres/removals.ts";
import { endStalledTransactions } from "../db/postgres/stalled-transactions.ts";
import { endRaids } from "../db/raids.ts";
import { drain } from "./drain.ts";
import { rewriteQuarantined } from "./rewrite-quarantined.ts";
import type { StoreDeps } from "./store.ts";

/** What is dirty for longer than this was not drained by any job: its hint was lost. */
const OVERDUE_MS = 500;

/**
 * Does what lost hints and crashes left undone: frees the rooms that a paused process holds, stores
 * rooms that nobody drains (G12), puts tombstones in their places (G14), erases what clean-ups removed
 * and what cases were about long ago, tells of sanctions and raid modes that ran out, and appends facts
 * whose act was committed before its process died (G20).
 */
export async function sweep(deps: StoreDeps, shouldStop: () => boolean): Promise<void> {
  const stalled = await endStalledTransactions(deps.stores.store);
  if (stalled > 0) deps.log.warn({ stalled }, "transactions of a paused process were ended");
  await drain(deps, { dirtyBeforeMs: deps.now() - OVERDUE_MS, shouldStop });
  await rewriteQuarantined(deps.stores);
  const now = new Date(deps.now()).toISOString();
  await eraseRemovedTexts(deps.stores.store.sql, now);
  await eraseEvidence(deps.stores.store.sql, now);
  await expireSanctions(deps.stores, deps.now());
  for (const room of await endRaids(deps.stores.store, now)) await appendPending(deps.stores, room);
  for (const user of await barsToTell(deps.stores.store.sql, OVERDUE_MS)) {
    await tellBars(deps.stores, user);
  }
  for (const room of await roomsWithPending(deps.stores, OVERDUE_MS)) {
    if (shouldStop()) return;
    await appendPending(deps.stores, room);
  }
}
