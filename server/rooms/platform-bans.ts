import { v7 as uuidv7 } from "uuid";

import { tellBars } from "../../db/bars.ts";
import { appendAudit, PLATFORM_CHAIN } from "../../db/postgres/audit.ts";
import { insertPlatformBan, liftPlatformBan, listPlatformBans } from "../../db/postgres/bars.ts";
import { findUser } from "../../db/postgres/users.ts";
import { Refusal } from "../../protocol/errors.ts";
import { SanctionId } from "../../protocol/ids.ts";
import type { PlatformBan } from "../../protocol/shapes.ts";
import type { PlainAct } from "./act.ts";
import { asAdministrator } from "./as-administrator.ts";
import { decodeIdCursor, pageOf } from "./paging.ts";

/** Bans someone from the whole platform. When it is answered, no message of theirs is accepted anywhere. */
export const banFromPlatform: PlainAct<"platform-ban:create"> = async (deps, caller, input) => {
  const by = asAdministrator(caller).user.id;
  const { user, seconds, reason } = input;
  const { stores } = deps;
  if (user === by) throw new Refusal("forbidden", "Nobody bans themselves.");
  if ((await findUser(stores.store, user)) === null) {
    throw new Refusal("not_found", "There is no such user.");
  }
  const nowMs = deps.now();
  const at = new Date(nowMs).toISOString();
  const until = seconds === undefined ? null : new Date(nowMs + seconds * 1_000).toISOString();
  const id = SanctionId.parse(uuidv7());
  const ban: PlatformBan = { id, user, reason, by, at, ...(until === null ? {} : { until }) };
  await stores.store.sql.begin(async (tx) => {
    await insertPlatformBan(tx, ban);
    const deed = { at, actor: by, action: "platform.banned", target: user, reason };
    await appendAudit(tx, PLATFORM_CHAIN, [{ ...deed, after: { until } }]);
  });
  await tellBars(stores, user);
  return ban;
};

/** Ends a ban from the platform before its time. */
export const endPlatformBan: PlainAct<"platform-ban:lift"> = async (deps, caller, input) => {
  const by = asAdministrator(caller).user.id;
  const { id, reason } = input;
  const at = new Date(deps.now()).toISOString();
  const user = await deps.stores.store.sql.begin(async (tx) => {
    const target = await liftPlatformBan(tx, { id, by, at, reason: reason ?? null });
    if (target === null) throw new Refusal("not_found", "There is no such ban in force.");
    await appendAudit(tx, PLATFORM_CHAIN, [
      { at, actor: by, action: "platform.unbanned", target, reason },
    ]);
    return target;
  });
  await tellBars(deps.stores, user);
  return {};
};

/** Bans from the platform, the newest first. */
export const showPlatformBans: PlainAct<"platform-ban:list"> = async (deps, caller, input) => {
  asAdministrator(caller);
  const bans = await listPlatformBans(deps.stores.store.sql, {
    before: decodeIdCursor(input.cursor, SanctionId),
    limit: input.limit + 1,
  });
  return pageOf(bans, input.limit, ({ id }) => [id]);
};
