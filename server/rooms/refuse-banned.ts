import { barredFromPlatform } from "../../db/barred-from-platform.ts";
import { longestPlatformBan } from "../../db/postgres/bars.ts";
import { sanctionsInForce } from "../../db/postgres/sanctions.ts";
import { seedRoomLog } from "../../db/seed-room.ts";
import { Refusal } from "../../protocol/errors.ts";
import type { Sanction } from "../../protocol/shapes.ts";
import type { Deps, RoomCall } from "./act.ts";

/** Refuses someone who is banned from a room. Unknown fails closed: the room's log is made first. */
export async function refuseBanned(
  deps: Deps,
  call: Pick<RoomCall, "caller" | "rules">,
): Promise<void> {
  const { stores, lookups } = deps;
  const room = call.rules.row.id;
  const user = call.caller.user.id;
  let ban = await lookups.ban(room, user);
  if (ban === "unknown") {
    await seedRoomLog(stores, room);
    ban = await lookups.ban(room, user);
  }
  if (ban === "unknown")
    throw new Refusal("unavailable", "The room's log is being rebuilt; try again in a moment.");
  if (ban !== "none" && (ban === null || ban > deps.now())) {
    throw await barredBecause(deps, call, { kind: "ban", untilMs: ban });
  }
}

/** What someone is told whom a sanction bars: what, until when, why, and how to appeal. */
export async function barredBecause(
  { stores, appeal }: Deps,
  { caller, rules }: Pick<RoomCall, "caller" | "rules">,
  bar: { kind: "ban" | "mute" | "platform"; untilMs: number | null },
): Promise<Refusal> {
  if (bar.kind === "platform") {
    const ban = await longestPlatformBan(stores.store.sql, caller.user.id).catch(() => null);
    return barredFromPlatform(ban, appeal);
  }
  const until = bar.untilMs === null ? null : new Date(bar.untilMs).toISOString();
  // The reason is a courtesy: without Postgres the refusal stands without it.
  const { id } = caller.user;
  const inForce = await sanctionsInForce(stores.store, rules.row.id, [id]).catch(() => null);
  // The one that lasts longest is the one that bars.
  const longest = inForce
    ?.get(id)
    ?.filter(({ kind }) => kind === bar.kind)
    .toSorted((a, b) => endOf(b) - endOf(a))[0];
  const reason = longest?.reason;
  const why = reason === undefined ? "" : ` Reason: ${reason}`;
  const what = bar.kind === "ban" ? "banned from" : "muted in";
  return new Refusal(
    bar.kind === "ban" ? "banned" : "muted",
    `You are ${what} this room ${until === null ? "for good" : `until ${until}`}.${why} ${appeal}`,
    {
      ...(bar.untilMs === null ? {} : { retryAfterMs: Math.max(0, bar.untilMs - Date.now()) }),
      sanction: {
        kind: bar.kind,
        scope: "room",
        until,
        appeal,
        ...(longest === undefined ? {} : { reason: longest.reason, by: longest.by }),
      },
    },
  );
}

function endOf({ until }: Sanction): number {
  return until === undefined ? Infinity : Date.parse(until);
}
