import { readStoredFacts } from "../db/postgres/facts.ts";
import { noteRewritten, readNotRewritten } from "../db/postgres/quarantine.ts";
import { replaceBody } from "../db/redis/room-log.ts";
import type { Stores } from "../db/stores.ts";

/**
 * Puts the tombstones of quarantined entries into the hot log, where whoever committed them may have
 * died before doing so: until then its readers meet the entry itself (G14). Harmless to run again.
 */
export async function rewriteQuarantined({ link, store: { sql } }: Stores): Promise<void> {
  for (const entry of await readNotRewritten(sql)) {
    const { room, seq } = entry;
    const [kept] = await readStoredFacts(sql, {
      room,
      after: seq - 1,
      upTo: seq,
      limit: 1,
      newestFirst: false,
    });
    if (kept !== undefined) await replaceBody(link, room, kept.fact);
    await noteRewritten(sql, entry);
  }
}
