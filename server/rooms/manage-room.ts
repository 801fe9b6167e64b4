import { appendPending, notePending } from "../../db/pending-facts.ts";
import { appendAudit } from "../../db/postgres/audit.ts";
import { changeRoom, createRoom, findRoom } from "../../db/postgres/rooms.ts";
import { writeRaid } from "../../db/raids.ts";
import { seedRoomLog } from "../../db/seed-room.ts";
import { Refusal } from "../../protocol/errors.ts";
import type { RoomId } from "../../protocol/ids.ts";
import type { Raid, RoomChanges, Speakers } from "../../protocol/shapes.ts";
import type { Deps, PlainAct, RoomAct, RoomCall } from "./act.ts";
import { roomOf, showRoom } from "./room-view.ts";
import { signedIn } from "./signed-in.ts";

/** Opens a room; whoever does so owns it. */
export const openRoom: PlainAct<"room:create"> = async (deps, caller, input) => {
  const { user } = signedIn(caller);
  const row = await createRoom(deps.stores.store, { ...input, by: user.id });
  // Its log is made now, so that the first message does not wait for Postgres.
  await seedRoomLog(deps.stores, row.id);
  return roomOf(row, { present: 0, messagesLast5m: 0 });
};

/** One room. */
export const getRoom: RoomAct<"room:get"> = async (deps, { rules }) =>
  // Read anew: whoever was told of a change sees it on any gateway.
  showRoom(deps, (await deps.rules.reload(rules.row.id)).row);

/** Changes a room. */
export const updateRoom: RoomAct<"room:update"> = async (
  deps,
  call,
  { room: _room, ...changes },
) => {
  if (Object.keys(changes).length === 0) {
    throw new Refusal("invalid", "Name at least one thing to change.");
  }
  return change(deps, call, withLock(changes, call.rules.row.settledSeconds));
};

/**
 * Who may speak and whether the room is locked always change together, for clients that know of one of them.
 * Errors: `invalid` without the time after which somebody has settled.
 */
function withLock(changes: RoomChanges, settledSeconds: number): RoomChanges {
  const { locked, speakers = lockedTo(locked) } = changes;
  if (speakers === undefined) return changes;
  if (speakers === "settled" && (changes.settledSeconds ?? settledSeconds) === 0) {
    throw new Refusal("invalid", "Say after how long somebody has settled.", {
      issues: [{ path: "settledSeconds", message: "Name it together with these speakers" }],
    });
  }
  return { ...changes, speakers, locked: speakers === "moderators" || speakers === "nobody" };
}

function lockedTo(locked: boolean | undefined): Speakers | undefined {
  if (locked === undefined) return undefined;
  return locked ? "moderators" : "everyone";
}

/** Switches raid mode on. It is in force on every gateway from its fact on, and until its end. */
export const beginRaid: RoomAct<"raid:begin"> = (deps, call, input) => {
  const nowMs = deps.now();
  return switchRaid(deps, call, {
    since: timeAt(nowMs),
    until: timeAt(nowMs + input.seconds * 1_000),
    slowModeSeconds: input.slowModeSeconds,
    newSince: timeAt(nowMs - input.newMinutes * 60_000),
  });
};

/** Switches raid mode off. */
export const endRaid: RoomAct<"raid:end"> = (deps, call) => switchRaid(deps, call, null);

function timeAt(ms: number): string {
  return new Date(ms).toISOString();
}

async function switchRaid(deps: Deps, { caller, rules }: RoomCall, raid: Raid | null) {
  const { id } = rules.row;
  const by = { id: caller.user.id, name: caller.user.name };
  const at = new Date(deps.now()).toISOString();
  await deps.stores.store.sql.begin((tx) => writeRaid(tx, { room: id, raid, by, at }));
  return showChanged(deps, id);
}

/** Closes a room for good; its history stays readable. */
export const archiveRoom: RoomAct<"room:archive"> = async (deps, call) => {
  await change(deps, call, { archivedAt: new Date(deps.now()).toISOString() });
  return {};
};

async function change(
  deps: Deps,
  { caller, rules }: RoomCall,
  changes: RoomChanges & { archivedAt?: string | undefined },
) {
  const { stores } = deps;
  const { id } = rules.row;
  const at = new Date(deps.now()).toISOString();
  const by = { id: caller.user.id, name: caller.user.name };
  await stores.store.sql.begin(async (tx) => {
    const { policy, before } = await changeRoom(tx, id, changes);
    const act = await notePending(tx, {
      room: id,
      author: by.id,
      draft: { type: "room.updated", at, by, changes },
      effects: [{ kind: "policy", version: policy }],
    });
    const deed = { at, actor: by.id, action: "room.updated", act };
    await appendAudit(tx, id, [{ ...deed, before: partOf(before, changes), after: changes }]);
  });
  return showChanged(deps, id);
}

/** The room, once what was noted is in the log. */
async function showChanged(deps: Deps, id: RoomId) {
  const { stores } = deps;
  await appendPending(stores, id);
  deps.hint.nudge();
  await deps.rules.reload(id);
  const row = await findRoom(stores.store, id);
  if (row === null) throw new Refusal("not_found", "There is no such room.");
  return showRoom(deps, row);
}

/** Of what a room was, only what is being changed. */
function partOf(before: object, changes: object): object {
  return Object.fromEntries(Object.entries(before).filter(([name]) => name in changes));
}
