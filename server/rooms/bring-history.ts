import { createImport, readImport, startImport } from "../../db/postgres/imports.ts";
import { createRoom } from "../../db/postgres/rooms.ts";
import { Refusal } from "../../protocol/errors.ts";
import type { Caller, PlainAct } from "./act.ts";
import { signedIn } from "./signed-in.ts";

/** Begins an import into a room of its own, which nobody enters before it is done. */
export const beginImport: PlainAct<"import:create"> = async (deps, caller, input) => {
  const { user } = administrator(caller);
  const { store } = deps.stores;
  const { format, title, slug, visibility, channel, date } = input;
  const room = { title, slug, visibility: "private" as const, by: user.id, importing: true };
  const { id } = await createRoom(store, room);
  return createImport(store, { room: id, format, options: { channel, date }, visibility });
};

/** Hands an import to the workers. */
export const runImport: PlainAct<"import:start"> = async (deps, caller, { id }) => {
  administrator(caller);
  return startImport(deps.stores.store, id);
};

/** How far an import has come. */
export const getImport: PlainAct<"import:get"> = async (deps, caller, { id }) => {
  administrator(caller);
  const { options: _options, ...shown } = await readImport(deps.stores.store, id);
  return shown;
};

/**
 * A platform administrator: whoever imports puts words into people's mouths. Errors: `forbidden`,
 * `unauthenticated`.
 */
export function administrator(caller: Caller | null): Caller {
  const someone = signedIn(caller);
  if (!someone.admin) {
    throw new Refusal("forbidden", "Only platform administrators import histories.");
  }
  return someone;
}
