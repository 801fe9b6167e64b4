import { type QuarantinedEntry, takeOutOfQuarantine } from "../db/postgres/quarantine.ts";
import { storeFacts } from "../db/postgres/store-facts.ts";
import { replaceBody } from "../db/redis/room-log.ts";
import type { Stores } from "../db/stores.ts";
import { EDDY } from "../protocol/ids.ts";
import { isDataError } from "./data-error.ts";
import { parseEntry } from "./parse-entry.ts";

/**
 * Stores an entry that was put aside, at its own seq, in its tombstone's place. For operators, when what
 * refused it is mended. Answers null when it is stored, else why it is not: then nothing has changed.
 */
export async function retryQuarantined(
  stores: Stores,
  { room, seq, n, entry }: QuarantinedEntry,
): Promise<string | null> {
  const fact = parseEntry(seq, entry.toString());
  if (fact === null) return "It is no fact.";
  try {
    const isBack = await stores.store.sql.begin(async (tx) => {
      if (!(await takeOutOfQuarantine(tx, { room, seq, tombstoneBy: EDDY }))) return false;
      await storeFacts(tx, [{ room, entries: [{ n, fact }] }]);
      return true;
    });
    if (!isBack) return "It was edited or removed since, or retried by someone else.";
  } catch (error) {
    if (!isDataError(error)) throw error;
    return error instanceof Error ? error.message : "Postgres refuses it.";
  }
  await replaceBody(stores.link, room, fact);
  return null;
}
