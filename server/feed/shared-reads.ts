import { readAfter, readBefore, readStanding } from "../../db/history.ts";
import { readEras } from "../../db/seed-room.ts";
import type { Stores } from "../../db/stores.ts";
import type { RoomId } from "../../protocol/ids.ts";
import { Eras } from "./eras.ts";
import { type HeldBytes, SharedLog } from "./shared-log.ts";

/** What those who catch up in a room read together. */
export interface SharedReads {
  log: SharedLog;
  eras: Eras;
}

/** Opens the shared reads of a room. `now` in milliseconds. */
export function openSharedReads(
  stores: Stores,
  room: RoomId,
  { now, held }: { now: () => number; held: HeldBytes },
): SharedReads {
  return {
    log: new SharedLog({
      standing: () => readStanding(stores, room),
      after: (after, limit) => readAfter(stores, { room, after, limit }),
      newest: (limit) => readBefore(stores, { room, before: Number.MAX_SAFE_INTEGER, limit }),
      now,
      held,
    }),
    eras: new Eras(() => readEras(stores, room)),
  };
}
