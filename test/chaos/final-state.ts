import postgres, { type Sql } from "postgres";

import { readStoredFacts } from "../../db/postgres/facts.ts";
import { readMessages } from "../../db/postgres/messages.ts";
import { connectRedis, type RedisLink } from "../../db/redis/connection.ts";
import { readDirtyRooms } from "../../db/redis/dirty.ts";
import { readSurvivors } from "../../db/redis/room-log.ts";
import type { Fact } from "../../protocol/facts.ts";
import { RoomId } from "../../protocol/ids.ts";
import { hashOf, type KeptEpoch, toldOf } from "./history.ts";
import type { Recorder } from "./recorder.ts";
import type { Stack } from "./stack/stack.ts";

const ALL = Number.MAX_SAFE_INTEGER;

/** Direct lines to the stores, past all links. */
export interface Backstage {
  link: RedisLink;
  sql: Sql;
  close: () => Promise<void>;
}

/** Opens direct lines to the stores. They come back by themselves when a store does. */
export async function openBackstage({ redis, postgres: store }: Stack): Promise<Backstage> {
  const link = await connectRedis({ url: redis.url, name: "eddy-chaos", onError: () => {} });
  const sql = postgres(store.url, {
    max: 2,
    onnotice: () => {},
    types: { bigint: { to: 20, from: [20], serialize: String, parse: Number } },
  });
  return {
    link,
    sql,
    close: async () => {
      link.close();
      await sql.end({ timeout: 1 });
    },
  };
}

/** Where a room stands in both stores; null while one of them is away. */
export async function standingOf(
  { link, sql }: Backstage,
  room: string,
): Promise<{ head: number; stored: number } | null> {
  try {
    const hot = await readSurvivors(link, { room: RoomId.parse(room), position: ALL, limit: 1 });
    const [row] = await sql<{ stored_seq: number }[]>`
      SELECT stored_seq FROM rooms WHERE id = ${room}`;
    return { head: hot?.head ?? -1, stored: row?.stored_seq ?? -1 };
  } catch {
    return null;
  }
}

/** Notes what both stores hold of a room. */
export async function noteFinalState(
  { link, sql }: Backstage,
  recorder: Recorder,
  ref: string,
): Promise<void> {
  const room = RoomId.parse(ref);
  const stored = await readStoredFacts(sql, {
    room,
    after: 0,
    upTo: ALL,
    limit: 1_000_000,
    newestFirst: false,
  });
  const { messages, storedSeq } = await readMessages(sql, {
    room,
    after: 0,
    before: ALL,
    limit: 1_000_000,
    newestFirst: false,
  });
  const epochs = await sql<KeptEpoch[]>`
    SELECT epoch, base, previous_end AS "previousEnd", seeded_at IS NOT NULL AS seeded
    FROM room_epochs WHERE room_id = ${room} ORDER BY epoch`;
  const pending = await sql`SELECT 1 FROM pending_facts WHERE room_id = ${room}`;
  recorder.add({
    kind: "kept",
    room,
    storedSeq,
    epochs: [...epochs],
    pending: pending.length,
    facts: stored.map(({ fact }) => toldOf(fact)),
    messages: messages.map(({ seq, text, removed }) => ({
      seq,
      text: text === undefined ? null : hashOf(text),
      removed: removed !== undefined,
    })),
  });
  const hot = await readSurvivors(link, { room, position: 0, limit: 1_000_000 });
  const dirty = await readDirtyRooms(link);
  recorder.add({
    kind: "hot",
    room,
    head: hot?.head ?? -1,
    stored: hot?.stored ?? -1,
    dirty: dirty.includes(room),
    facts: (hot?.entries ?? []).map(({ json }) => toldOf(JSON.parse(json) as Fact)),
  });
}
