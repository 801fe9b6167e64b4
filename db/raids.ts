import type { TransactionSql } from "postgres";

import { EDDY, type RoomId } from "../protocol/ids.ts";
import type { Author, Raid } from "../protocol/shapes.ts";
import { notePending } from "./pending-facts.ts";
import { appendAudit } from "./postgres/audit.ts";
import type { Store } from "./postgres/connection.ts";
import { setRaid } from "./postgres/rooms.ts";

/** Begins or ends a room's raid mode, with its audit entry and the note of its fact, in the caller's transaction. */
export async function writeRaid(
  tx: TransactionSql,
  { room, raid, by, at }: { room: RoomId; raid: Raid | null; by: Author; at: string },
): Promise<void> {
  const { policy, before } = await setRaid(tx, room, raid);
  const act = await notePending(tx, {
    room,
    author: by.id,
    draft: { type: "room.updated", at, by, changes: { raid } },
    effects: [{ kind: "policy", version: policy }],
  });
  const action = raid === null ? "raid.ended" : "raid.began";
  await appendAudit(tx, room, [{ at, actor: by.id, action, act, before, after: raid }]);
}

/**
 * Says in the logs of rooms that their raid mode is over. Nothing waits for it: after its end it is in force
 * nowhere. Answers the rooms, whose notes are to be appended.
 */
export async function endRaids({ sql }: Store, now: string): Promise<RoomId[]> {
  return sql.begin(async (tx) => {
    const over = await tx<{ id: RoomId }[]>`
      SELECT id FROM rooms WHERE raid IS NOT NULL AND raid->>'until' <= ${now}
      ORDER BY id LIMIT 100 FOR UPDATE SKIP LOCKED`;
    const by = { id: EDDY, name: "Eddy" };
    for (const { id: room } of over) await writeRaid(tx, { room, raid: null, by, at: now });
    return over.map(({ id }) => id);
  });
}
