import { openStore, type Store } from "../../db/postgres/connection.ts";
import { UserId } from "../../protocol/ids.ts";
import type { UnreadRoom } from "../../protocol/shapes.ts";
import type { Benchmark, Report } from "../benchmark.ts";
import { portOf } from "../fan-out/design.ts";
import { startEddy } from "../fan-out/eddy.ts";
import { quantile, show } from "../spread.ts";
import { fillRooms, type RoomsOfSize } from "./fill-rooms.ts";
import { Life } from "./life.ts";

const GOAL_P99_MS = 20;
const SIZES: RoomsOfSize[] = [
  { rooms: 5, messages: 100_000 },
  { rooms: 45, messages: 10_000 },
  { rooms: 450, messages: 1_000 },
];
const QUICK: RoomsOfSize[] = [
  { rooms: 1, messages: 2_000 },
  { rooms: 20, messages: 200 },
];

/** How long it takes to tell what is unread in hundreds of rooms. */
export const unreadBenchmark: Benchmark = {
  name: "unread",
  summary: "what is unread in 500 rooms of 1,000 to 100,000 messages, read in all ways",
  run: async ({ quick, onProgress }) => {
    const sizes = quick ? QUICK : SIZES;
    const running = await startEddy({ rooms: 1, gateways: 1 });
    const store = openStore({ url: running.databaseUrl ?? "", name: "bench", connections: 2 });
    try {
      const [gateway] = running.gateways;
      if (gateway === undefined) throw new Error("Eddy needs a gateway");
      const url = `http://127.0.0.1:${portOf(gateway)}/v1`;
      const reader = await dropIn(url);
      await fillRooms(store, { reader: reader.id, sizes });
      onProgress(sizes.map(({ rooms, messages }) => `${rooms} × ${messages}`).join(", "));
      const ask = async () => {
        const begin = performance.now();
        const answer = await fetch(`${url}/unread`, { headers: reader.headers });
        const text = await answer.text();
        const tookMs = performance.now() - begin;
        return { tookMs, text };
      };
      const life = new Life(store, reader.id, url, reader.headers);
      const legs: Leg[] = [];
      for (const [what, rounds, before] of life.legs(quick)) {
        const latenciesMs: number[] = [];
        for (let round = -Math.ceil(rounds / 10); round < rounds; round += 1) {
          await before();
          const { tookMs, text } = await ask();
          if (round >= 0) latenciesMs.push(tookMs);
          // Looking at every message takes its time, and is done now and then.
          if (round === 0 || round === rounds - 1) {
            const { items } = JSON.parse(text) as { items: UnreadRoom[] };
            expectSame(items, await countAll(store, reader.id));
          }
        }
        legs.push({ what, latenciesMs });
        onProgress(what);
      }
      const expected = await countAll(store, reader.id);
      const bytes = Buffer.byteLength((await ask()).text);
      return report(sizes, { legs, bytes, expected, versions: running.versions });
    } finally {
      await store.close();
      await running.close();
    }
  },
};

async function dropIn(url: string) {
  const answer = await fetch(`${url}/guests`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ displayName: "Ada" }),
  });
  const { token, user } = (await answer.json()) as { token: string; user: { id: string } };
  return { id: UserId.parse(user.id), headers: { Authorization: `Bearer ${token}` } };
}

type Counted = Pick<UnreadRoom, "room" | "unread" | "mentions" | "firstUnread">;

/** Looks at every message. */
async function countAll({ sql }: Store, reader: UserId): Promise<Counted[]> {
  return sql<Counted[]>`
    SELECT m.room_id AS room, count(f.seq) AS unread, min(f.seq) AS "firstUnread",
      count(f.seq) FILTER (WHERE ${reader} = ANY (f.mentions)) AS mentions
    FROM members m LEFT JOIN facts f ON f.room_id = m.room_id AND f.type = 'message.sent'
      AND f.removed_seq IS NULL AND f.by_id <> m.user_id AND f.seq > m.last_read_seq
      AND NOT m.read_ranges @> f.seq
      AND f.by_id NOT IN (SELECT blocked_id FROM blocks WHERE user_id = ${reader})
    WHERE m.user_id = ${reader} GROUP BY m.room_id ORDER BY m.room_id`;
}

function expectSame(told: readonly UnreadRoom[], expected: readonly Counted[]): void {
  const rooms = told.map(({ room, unread, mentions, firstUnread }) => ({
    room,
    unread,
    mentions,
    firstUnread,
  }));
  if (told.length !== expected.length) throw new Error("Not all rooms are told");
  for (const [i, { room, unread, mentions, firstUnread }] of expected.entries()) {
    const one = JSON.stringify({ room, unread, mentions, firstUnread });
    if (JSON.stringify(rooms[i]) !== one) {
      throw new Error(`${JSON.stringify(rooms[i])} is told, and should be ${one}`);
    }
  }
}

interface Leg {
  what: string;
  latenciesMs: number[];
}

function report(
  sizes: readonly RoomsOfSize[],
  on: {
    legs: readonly Leg[];
    bytes: number;
    expected: readonly Counted[];
    versions: Record<string, string>;
  },
): Report {
  const rows = on.legs.map(({ what, latenciesMs }) => {
    const sorted = latenciesMs.toSorted((a, b) => a - b);
    return { what, p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), asked: sorted.length };
  });
  const rooms = count(on.expected.length);
  const unread = count(on.expected.reduce((sum, room) => sum + room.unread, 0));
  return {
    title: "What is unread in hundreds of rooms",
    claims: [
      `${rooms} rooms with ${unread} unread messages (goal: p99 ${GOAL_P99_MS} ms):`,
      ...rows.map(({ what, p50, p99 }) => `${what}: p50 ${show(p50)} ms, p99 ${show(p99)} ms.`),
    ],
    tables: [
      {
        title: "Time to answer",
        columns: ["before each answer", "asked", "p50 ms", "p99 ms"],
        rows: rows.map(({ what, asked, p50, p99 }) => [what, count(asked), show(p50), show(p99)]),
      },
    ],
    method: [
      `One gateway, one worker, PostgreSQL and Redis on this machine; one person asks \`GET /v1/unread\` again and again. An answer has ${count(on.bytes)} bytes.`,
      `${sizes.map((size) => `${size.rooms} rooms of ${count(size.messages)} messages`).join(", ")}; of a hundred messages one is the reader's, one mentions them, one was removed, and 2.5 are of five people whom they block.`,
      "A quarter of the rooms is read nearly to the end, a quarter to the middle, a quarter not at all, and a quarter in up to twenty pieces. Answers are compared with counting every message.",
    ],
    versions: on.versions,
  };
}

function count(value: number): string {
  return value.toLocaleString("en");
}
