import { appendAudit } from "../../db/postgres/audit.ts";
import { readFilterHits, readFilterRules, writeFilterRules } from "../../db/postgres/filters.ts";
import { notePolicy } from "../../db/redis/room-log.ts";
import { findProblems } from "../../filters/compile-filter.ts";
import { Refusal } from "../../protocol/errors.ts";
import type { FilterRule } from "../../protocol/shapes.ts";
import type { RoomAct } from "./act.ts";

/** The rules of a room's filter, and how often each was met. */
export const getFilters: RoomAct<"filter:get"> = async ({ stores }, { rules }) => {
  const [present, hits] = await Promise.all([
    readFilterRules(stores.store, rules.row.id),
    readFilterHits(stores.store, rules.row.id),
  ]);
  return { rules: present, hits };
};

/** Replaces the rules of a room's filter; in force on every gateway from the next message on. */
export const setFilters: RoomAct<"filter:set"> = async (deps, call, input) => {
  const { stores } = deps;
  const room = call.rules.row.id;
  refuseProblems(input.rules);
  const version = await stores.store.sql.begin(async (tx) => {
    const { policy, before } = await writeFilterRules(tx, room, input.rules);
    await appendAudit(tx, room, [
      {
        at: new Date(deps.now()).toISOString(),
        actor: call.caller.user.id,
        action: "filters.set",
        before: without(before, input.rules),
        after: without(input.rules, before),
      },
    ]);
    return policy;
  });
  await notePolicy(stores.link, room, version);
  await deps.rules.reload(room);
  return { rules: input.rules };
};

/** Errors: `invalid` for rules that cannot be compiled. */
export function refuseProblems(rules: readonly FilterRule[]): void {
  const problems = findProblems(rules);
  if (problems.length === 0) return;
  throw new Refusal("invalid", "Some rules cannot be used.", {
    issues: problems.map(({ rule, field, message }) => ({
      path: `rules.${rule}.${field}`,
      message,
    })),
  });
}

/** The rules that are not among the others: what was dropped, or what is new. */
function without(rules: readonly FilterRule[], others: readonly FilterRule[]): FilterRule[] {
  const known = new Set(others.map((rule) => JSON.stringify(sortKeys(rule))));
  return rules.filter((rule) => !known.has(JSON.stringify(sortKeys(rule))));
}

function sortKeys(rule: FilterRule): object {
  return Object.fromEntries(Object.entries(rule).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
