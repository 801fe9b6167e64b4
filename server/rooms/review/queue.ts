import { type CasePlace, readCases } from "../../../db/postgres/case-lists.ts";
import type { ParsedInput } from "../../../protocol/commands.ts";
import { Refusal } from "../../../protocol/errors.ts";
import { CaseId, type RoomId } from "../../../protocol/ids.ts";
import type { Case } from "../../../protocol/reports.ts";
import type { Caller, Deps, PlainAct, RoomAct, RoomCall } from "../act.ts";
import { decodeCursor, notOurs, pageOf } from "../paging.ts";
import { has } from "../policy.ts";
import { signedIn } from "../signed-in.ts";

/** The review queue of a room. */
export const showCases: RoomAct<"report:list"> = (deps, call, input) =>
  pageOfCases(deps, call.caller, call.rules.row.id, input);

/** The review queue over all rooms. Errors: `forbidden`. */
export const showAllCases: PlainAct<"report:queue"> = (deps, caller, input) => {
  const someone = signedIn(caller);
  if (!someone.admin) {
    throw new Refusal("forbidden", "Only platform administrators review all rooms.");
  }
  return pageOfCases(deps, someone, null, input);
};

/** One case. */
export const getCase: RoomAct<"report:get"> = (deps, call, { id }) => readCase(deps, call, id);

/** A case of a room, as its moderators see it. Errors: `not_found`, and so for whom it is about. */
export async function readCase(
  deps: Deps,
  { caller, rank, rules }: Pick<RoomCall, "caller" | "rank" | "rules">,
  id: CaseId,
): Promise<Case> {
  const [found] = await readCases(deps.stores.store.sql, {
    room: rules.row.id,
    id,
    notAbout: has("reviewOwn", rank) ? null : caller.user.id,
    limit: 1,
    now: new Date(deps.now()).toISOString(),
  });
  if (found === undefined) throw noSuchCase();
  return found.item;
}

/** What is answered where there is no case, or none for this person. */
export function noSuchCase(): Refusal {
  return new Refusal("not_found", "There is no such case in this room.");
}

async function pageOfCases(
  deps: Deps,
  caller: Caller,
  room: RoomId | null,
  input: Omit<ParsedInput<"report:queue">, "room">,
) {
  const { state, kind, category, claim, cursor, limit } = input;
  const cases = await readCases(deps.stores.store.sql, {
    room,
    notAbout: caller.admin ? null : caller.user.id,
    state,
    kind,
    category,
    claim: claim === undefined ? undefined : { state: claim, me: caller.user.id },
    after: placeOf(cursor),
    limit: limit + 1,
    now: new Date(deps.now()).toISOString(),
  });
  const { items, nextCursor } = pageOf(cases, limit, ({ place }) => [place.time, place.id]);
  return { items: items.map(({ item }) => item), nextCursor };
}

function placeOf(cursor: string | undefined): CasePlace | null {
  const values = decodeCursor(cursor);
  if (values === null) return null;
  const [time, id] = values;
  const parsed = CaseId.safeParse(id);
  if (typeof time !== "string" || Number.isNaN(Date.parse(time)) || !parsed.success)
    throw notOurs();
  return { time, id: parsed.data };
}
