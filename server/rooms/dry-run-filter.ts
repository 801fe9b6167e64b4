import { readMessagesNow } from "../../db/messages.ts";
import { createDryRun, findDryRun } from "../../db/postgres/dry-runs.ts";
import { Refusal } from "../../protocol/errors.ts";
import type { DryRunId } from "../../protocol/ids.ts";
import type { DryRun } from "../../protocol/shapes.ts";
import type { Deps, RoomAct, RoomCall } from "./act.ts";
import { refuseProblems } from "./manage-filters.ts";

const DAY_MS = 86_400_000;

/** Tries a draft rule on what was said, in the background: nothing happens to anyone. */
export const beginDryRun: RoomAct<"dry-run:create"> = async (deps, call, { rule, days }) => {
  refuseProblems([rule]);
  const room = call.rules.row.id;
  const since = new Date(deps.now() - days * DAY_MS).toISOString();
  const wanted = { room, by: call.caller.user.id, rule, since };
  return show(deps, call, await createDryRun(deps.stores.store, wanted));
};

/** How far a dry run is, and what it has found. */
export const getDryRun: RoomAct<"dry-run:get"> = (deps, call, { id }) => show(deps, call, id);

/** Samples as they are now: a run keeps their seqs only, and what was removed since shows no text (G19). */
async function show({ stores }: Deps, call: RoomCall, id: DryRunId): Promise<DryRun> {
  const room = call.rules.row.id;
  const viewer = call.caller.user.id;
  const run = await findDryRun(stores.store, room, id);
  if (run === null) throw new Refusal("not_found", "There is no such dry run in this room.");
  const pages = await Promise.all(
    run.samples.map((seq) => {
      const only = { after: seq - 1, before: seq + 1, limit: 1, newestFirst: false };
      return readMessagesNow(stores, { room, viewer, ...only });
    }),
  );
  return { ...run, samples: pages.flatMap(({ messages }) => messages) };
}
