import { EDDY } from "../protocol/ids.ts";
import { appendPending, notePending } from "./pending-facts.ts";
import { appendAudit } from "./postgres/audit.ts";
import {
  type Expired,
  expiredSanctions,
  lockSanctions,
  longestInForce,
  noteExpiry,
} from "./postgres/sanctions.ts";
import type { Stores } from "./stores.ts";

const AT_ONCE = 100;

/**
 * Writes a fact for each sanction whose time was up, exactly one, however late. Nothing waits for it: the
 * append script reads the clock itself, so whoever was barred speaks from the very moment on. That is
 * also why the fact lifts nothing: it might come after the next ban. Answers how many there were.
 */
export async function expireSanctions(stores: Stores, nowMs: number): Promise<number> {
  const due = await expiredSanctions(stores.store, AT_ONCE);
  for (const sanction of due) await expire(stores, sanction, new Date(nowMs).toISOString());
  for (const room of new Set(due.map(({ room: id }) => id))) await appendPending(stores, room);
  return due.length;
}

async function expire({ store }: Stores, sanction: Expired, at: string): Promise<void> {
  const { id, room, user, kind, until } = sanction;
  await store.sql.begin(async (tx) => {
    await lockSanctions(tx, { room, user });
    if (!(await noteExpiry(tx, id))) return;
    // Another of them still bars: nothing has changed for anyone.
    if ((await longestInForce(tx, { room, user, kind })) !== "none") return;
    const type = kind === "mute" ? "member.unmuted" : "member.unbanned";
    const act = await notePending(tx, {
      room,
      author: EDDY,
      draft: { type, at, by: { id: EDDY, name: "Eddy" }, user, expiredAt: until },
      effects: [],
    });
    const before = { kind, until };
    await appendAudit(tx, room, [{ at, actor: EDDY, action: type, target: user, act, before }]);
  });
}
