import type { Store } from "../../db/postgres/connection.ts";
import type { UserId } from "../../protocol/ids.ts";

/** Rooms of one size. */
export interface RoomsOfSize {
  rooms: number;
  messages: number;
}

const PEOPLE = 200;
/** Of those people; the reader blocks them. */
const BLOCKED = 5;

/**
 * Fills rooms with a member's reading in each: at the end, in the middle, at the beginning, or in up to twenty
 * pieces. Of a hundred messages one is the reader's, one mentions them, one was removed; and seven facts of
 * a hundred are reactions.
 */
export async function fillRooms(
  { sql }: Store,
  { reader, sizes }: { reader: UserId; sizes: readonly RoomsOfSize[] },
): Promise<void> {
  const people = await sql<{ id: UserId }[]>`
    INSERT INTO users (id, kind, name)
    SELECT gen_random_uuid(), 'guest', 'person ' || i FROM generate_series(1, ${PEOPLE}) i RETURNING id`;
  const ids = people.map(({ id }) => id);
  await sql`
    INSERT INTO blocks (user_id, blocked_id)
    SELECT ${reader}::uuid, unnest(${ids.slice(0, BLOCKED)}::uuid[])`;
  for (const { rooms, messages } of sizes) {
    for (let i = 0; i < rooms; i += 1) await fillRoom({ sql }, { reader, ids, messages, i });
  }
  // What was missed is measured elsewhere.
  await sql`INSERT INTO digested_rooms (room_id, seq) SELECT id, 1000000000 FROM rooms ON CONFLICT DO NOTHING`;
  await sql`VACUUM (ANALYZE) facts, mentions, members, rooms, blocks`;
}

async function fillRoom(
  { sql }: Pick<Store, "sql">,
  { reader, ids, messages, i }: { reader: UserId; ids: UserId[]; messages: number; i: number },
): Promise<void> {
  const facts = Math.ceil(messages / 0.93);
  const [room] = await sql<{ id: string }[]>`
    INSERT INTO rooms (id, slug, title, visibility, created_by, stored_seq, messages)
    VALUES (gen_random_uuid(), 'bench-' || gen_random_uuid(), 'Bench', 'unlisted', ${reader}, ${facts},
      ${facts} - ${facts} / 100 * 7 - least(${facts} % 100, 7))
    RETURNING id`;
  const id = room?.id ?? "";
  // Of each hundred facts the first seven are reactions.
  await sql`
    INSERT INTO facts (room_id, seq, n, type, at, by_id, by_name, target, client_id, text, mentions, removed_seq)
    SELECT ${id}::uuid, s, s - s / 100 * 7 - least(s % 100, 7), f.type, now(), f.author, 'someone',
      CASE WHEN f.type = 'reaction.added' THEN 8 END, gen_random_uuid(),
      CASE WHEN f.type = 'message.sent' THEN 'what about the kernel and the espresso' END,
      CASE WHEN s % 100 = 60 THEN ARRAY[${reader}::uuid] END,
      CASE WHEN s % 100 = 70 THEN s + 1 END
    FROM generate_series(1, ${facts}) s, LATERAL (
      SELECT CASE WHEN s % 100 BETWEEN 1 AND 7 THEN 'reaction.added' ELSE 'message.sent' END AS type,
        CASE WHEN s % 100 = 50 THEN ${reader}::uuid
          ELSE (${ids}::uuid[])[1 + (s * 7919) % ${ids.length}] END AS author) f`;
  await sql`
    INSERT INTO mentions (user_id, room_id, seq, by_id)
    SELECT ${reader}, room_id, seq, by_id FROM facts
    WHERE room_id = ${id} AND mentions IS NOT NULL`;
  const reading = readingAt(facts, i);
  await sql`
    INSERT INTO members (room_id, user_id, role, last_read_seq, read_ranges)
    VALUES (${id}, ${reader}, 'guest', ${reading.upTo}, ${reading.ranges}::text::int8multirange)`;
}

function readingAt(facts: number, i: number): { upTo: number; ranges: string } {
  const upTo = [facts - ((i * 37) % 90), Math.floor(facts / 2), 0][i % 4] ?? Math.floor(facts / 4);
  if (i % 4 !== 3) return { upTo, ranges: "{}" };
  const step = Math.floor((facts - upTo) / 21);
  const pieces = Array.from({ length: 1 + (i % 20) }, (_, piece) => upTo + (piece + 1) * step);
  return {
    upTo,
    ranges: `{${pieces.map((from) => `[${from},${from + Math.max(1, Math.floor(step / 3))})`).join(",")}}`,
  };
}
