import { readDirtyRooms } from "../db/redis/dirty.ts";
import { type StoreDeps, storeRooms } from "./store.ts";

/** Stores everything that is dirty; stops early when told to. Answers how many rooms it looked at. */
export async function drain(
  deps: StoreDeps,
  options: { dirtyBeforeMs?: number; shouldStop: () => boolean },
): Promise<number> {
  const endTimer = deps.metrics.drains.startTimer();
  let rooms = await readDirtyRooms(deps.stores.link, options);
  const looked = rooms.length;
  while (rooms.length > 0 && !options.shouldStop()) rooms = await storeRooms(deps, rooms);
  endTimer();
  return looked;
}
