import type { RoomId } from "../../protocol/ids.ts";
import type { RedisLink } from "./connection.ts";
import { keys } from "./keys.ts";
import { type HotEntry, readSurvivors } from "./room-log.ts";

/** A room, and up to where it is stored. */
export interface Mark {
  room: RoomId;
  storedSeq: number;
}

/**
 * The oldest facts above what is stored, of many rooms at once, in whatever run of Redis they were
 * written. With plain commands: what goes through Lua is copied twice, and storing reads every fact.
 */
export async function readUnstored(
  link: RedisLink,
  marks: readonly Mark[],
  most: number,
): Promise<HotEntry[][]> {
  const standings = await readStandings(link, marks);
  const pipeline = link.redis.pipeline();
  for (const [i, { room, storedSeq }] of marks.entries()) {
    const standing = standings[i];
    if (standing === undefined || standing === null) continue;
    const { epoch, head } = standing;
    pipeline.xrange(keys.log(room), `(${epoch}-${storedSeq}`, "+", "COUNT", most);
    const seqs = Array.from(
      { length: Math.max(1, Math.min(most, head - storedSeq)) },
      (_, k) => storedSeq + 1 + k,
    );
    pipeline.hmget(keys.body(room), ...seqs.map(String));
  }
  const replies = values(await pipeline.exec());
  let at = 0;
  const found: HotEntry[][] = [];
  for (const [i, { room, storedSeq }] of marks.entries()) {
    if (standings[i] === null) {
      const page = await readSurvivors(link, { room, position: storedSeq, limit: most });
      found.push(page?.entries ?? []);
    } else {
      const [entries, bodies] = replies.slice(at, at + 2);
      at += 2;
      found.push(
        hotEntries(storedSeq, entries as [string, string[]][], bodies as (string | null)[]),
      );
    }
  }
  return found;
}

/** Epoch and head where the seqs above the mark have no gaps; null where an era begins among them. */
async function readStandings(
  link: RedisLink,
  marks: readonly Mark[],
): Promise<({ epoch: string; head: number } | null)[]> {
  const pipeline = link.redis.pipeline();
  for (const { room } of marks) pipeline.hmget(keys.meta(room), "epoch", "head", "base");
  return values(await pipeline.exec()).map((reply, i) => {
    const [epoch, head, base] = reply as (string | null)[];
    const { storedSeq = 0 } = marks[i] ?? {};
    if (typeof epoch !== "string" || Number(base) > storedSeq) return null;
    return { epoch, head: Number(head) };
  });
}

/** Bodies by seq: what was appended after the head was read has an entry, but was not asked for. */
function hotEntries(
  storedSeq: number,
  entries: readonly [string, string[]][],
  bodies: readonly (string | null)[],
): HotEntry[] {
  return entries.slice(0, bodies.length).map(([id, fields]) => {
    const seq = Number(id.slice(id.indexOf("-") + 1));
    return { seq, n: Number(fields[1]), json: bodies[seq - storedSeq - 1] ?? "" };
  });
}

function values(replies: [Error | null, unknown][] | null): unknown[] {
  return (replies ?? []).map(([error, value]) => {
    if (error !== null) throw error;
    return value;
  });
}
