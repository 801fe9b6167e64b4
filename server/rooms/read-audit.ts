import { listAudit } from "../../db/postgres/audit.ts";
import type { RoomAct } from "./act.ts";
import { decodeCursor, notOurs, pageOf } from "./paging.ts";

/** What was done in a room, by whom and why, the newest first. */
export const showAudit: RoomAct<"audit:list"> = async (deps, call, input) => {
  const { room: _room, cursor, limit, ...filter } = input;
  const entries = await listAudit(deps.stores.store.sql, {
    ...filter,
    chain: call.rules.row.id,
    before: placeOf(cursor),
    limit: limit + 1,
  });
  const { items, nextCursor } = pageOf(entries, limit, ({ n }) => [n]);
  return { items: items.map(({ entry }) => entry), nextCursor };
};

function placeOf(cursor: string | undefined): number | null {
  const values = decodeCursor(cursor);
  if (values === null) return null;
  const [n] = values;
  if (typeof n !== "number") throw notOurs();
  return n;
}
