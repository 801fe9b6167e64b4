import { loadBars } from "../../db/bars.ts";
import { openStore } from "../../db/postgres/connection.ts";
import { migrateDatabase } from "../../db/postgres/migrate.ts";
import { connectRedis } from "../../db/redis/connection.ts";
import { BUCKETS, keys } from "../../db/redis/keys.ts";
import { seedRoomLog } from "../../db/seed-room.ts";
import type { RoomId } from "../../protocol/ids.ts";
import { ada } from "../chat-message.ts";
import type { Design, Place } from "./design.ts";

/** One script appends and marks the room dirty; one drain stores many rooms in one transaction. */
export const eddy: Design = {
  name: "Eddy: one drain over many rooms",
  producer: new URL("eddy-producer.ts", import.meta.url),
  worker: new URL("../../workers/main.ts", import.meta.url),
  env: {},
  prepare: async (place, rooms) => {
    const { sql } = place;
    await migrateDatabase(place.databaseUrl);
    await sql`INSERT INTO users (id, kind, name) VALUES (${ada.id}, 'guest', ${ada.name})`;
    await sql`
      INSERT INTO rooms (id, slug, title, visibility, created_by)
      SELECT id, 'room-' || id, 'A room', 'public', ${ada.id} FROM unnest(${rooms}::uuid[]) AS r (id)`;
    await openLogs(place, rooms);
  },
  isDrained: async ({ redis }) => {
    const buckets = Array.from({ length: BUCKETS }, (_, bucket) => keys.dirty(bucket));
    return (await redis.exists(...buckets)) === 0;
  },
  countStored: async ({ sql }) => {
    const rooms = await sql<{ room: string; messages: number; dense: boolean }[]>`
      SELECT room_id AS room, count(*)::int AS messages,
        min(seq) = 1 AND max(seq) = count(*) AND max(n) = count(*) AS dense
      FROM facts WHERE type = 'message.sent' GROUP BY room_id`;
    const broken = rooms.find(({ dense }) => !dense);
    if (broken !== undefined) throw new Error(`The log of ${broken.room} is not 1..n in Postgres`);
    return rooms.reduce((sum, { messages }) => sum + messages, 0);
  },
  table: "facts",
};

/** Gives the rooms their hot logs, as the first message in each would. */
async function openLogs({ redisUrl, databaseUrl }: Place, rooms: RoomId[]): Promise<void> {
  const link = await connectRedis({ url: redisUrl, name: "bench-seed", onError: console.error });
  const store = openStore({ url: databaseUrl, name: "bench-seed", connections: 4 });
  await Promise.all(
    rooms.map(async (room) => {
      await seedRoomLog({ link, store }, room);
      await loadBars({ link, store }, room);
    }),
  );
  link.close();
  await store.close();
}
