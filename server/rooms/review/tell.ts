import { countWaiting } from "../../../db/postgres/cases.ts";
import { findLeaders } from "../../../db/postgres/members.ts";
import type { AddressedNotice } from "../../../db/postgres/notices.ts";
import type { UserId } from "../../../protocol/ids.ts";
import type { CaseChanged } from "../../../protocol/reports.ts";
import type { Deps } from "../act.ts";

/**
 * Tells a room's moderators, wherever they are, that something happened in its queue; but not whom the
 * case is about. It is a hint: the queue itself is in Postgres, so trouble on the way is nobody's failure.
 */
export async function tellOfCase(
  { stores, tellPerson }: Pick<Deps, "stores" | "tellPerson">,
  changed: Omit<CaseChanged, "waiting"> & { about?: UserId },
): Promise<void> {
  const { about, ...change } = changed;
  try {
    const [leaders, waiting] = await Promise.all([
      findLeaders(stores.store, change.room),
      countWaiting(stores.store, change.room),
    ]);
    for (const leader of leaders) {
      if (leader !== about) tellPerson(leader, "case.changed", { ...change, waiting });
    }
  } catch {
    // Whoever looks at the queue sees it.
  }
}

/** Tells people what was written down for them. It is a hint: `GET /v1/notices` has it. */
export function tellNotices(
  { tellPerson }: Pick<Deps, "tellPerson">,
  notices: readonly AddressedNotice[],
): void {
  for (const { user, notice } of notices) tellPerson(user, "notice.added", { item: notice });
}
