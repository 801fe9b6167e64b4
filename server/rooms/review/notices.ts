import { listNotices } from "../../../db/postgres/notices.ts";
import { NoticeId } from "../../../protocol/ids.ts";
import type { PlainAct } from "../act.ts";
import { decodeIdCursor, pageOf } from "../paging.ts";
import { signedIn } from "../signed-in.ts";

/** What someone was told of their reports, their held messages and their asking to join, the newest first. */
export const showNotices: PlainAct<"notice:list"> = async (deps, caller, { cursor, limit }) => {
  const notices = await listNotices(deps.stores.store.sql, {
    user: signedIn(caller).user.id,
    before: decodeIdCursor(cursor, NoticeId),
    limit: limit + 1,
  });
  return pageOf(notices, limit, ({ id }) => [id]);
};
