import { setTimeout } from "node:timers/promises";

import { openStore, type Store } from "../../db/postgres/connection.ts";
import { advanceDigested } from "../../db/postgres/placements.ts";
import { storeFacts } from "../../db/postgres/store-facts.ts";
import { RoomId, type UserId } from "../../protocol/ids.ts";
import type { Benchmark, Report } from "../benchmark.ts";
import { gatherCrowd } from "../crowd/crowd.ts";
import { type Speech, speakTo } from "../crowd/speak.ts";
import { portOf } from "../fan-out/design.ts";
import { eddy } from "../fan-out/eddy.ts";
import { quantile, show } from "../spread.ts";
import { japaneseOf, messageAt, randomFrom, textAt, wordOf } from "./say-something.ts";

interface Scale extends Speech {
  rooms: number;
  messages: number;
  people: number;
  searches: number;
}

const GOAL = { p99Ms: 100, lagMs: 2_000 };
const BATCH = 2_000;
const LOOK_EVERY_MS = 100;

/** How long a search takes, and how far the index is behind. */
export const searchBenchmark: Benchmark = {
  name: "search",
  summary:
    "searches of 1,000,000 messages: words, phrases, Japanese, typos; how far the index lags",
  run: async ({ quick, onProgress }) => {
    const scale: Scale = quick
      ? {
          rooms: 2,
          messages: 4_000,
          people: 20,
          searches: 10,
          perSecond: 50,
          warmUpSeconds: 0.2,
          seconds: 1,
        }
      : {
          rooms: 20,
          messages: 1_000_000,
          people: 2_000,
          searches: 300,
          perSecond: 500,
          warmUpSeconds: 2,
          seconds: 15,
        };
    const running = await eddy.start(scale.rooms);
    const store = openStore({ url: running.databaseUrl ?? "", name: "bench", connections: 2 });
    try {
      const rooms = running.rooms.map((room) => RoomId.parse(room));
      await fill(store, rooms, scale);
      onProgress(`${scale.messages} messages are stored`);
      const indexedPerSecond = await untilIndexed(store, scale);
      onProgress(`they are indexed, ${show(indexedPerSecond)} a second`);
      await store.sql`ANALYZE facts, rooms, users, search_messages, search_words`;
      const [port] = running.gateways.map(portOf);
      const ask = await askerAt(`http://127.0.0.1:${port}/v1`);
      const legs = await measure(scale, rooms, ask);
      const lagsMs = await lagWhileTalking({
        store,
        ports: running.gateways.map(portOf),
        rooms: running.rooms,
        scale,
      });
      return report({ legs, lagsMs, indexedPerSecond, scale, versions: running.versions });
    } finally {
      await store.close();
      await running.close();
    }
  },
};

/** Through the query that workers store with. */
async function fill(store: Store, rooms: readonly RoomId[], scale: Scale): Promise<void> {
  const people = await addPeople(store, scale.people);
  const each = Math.floor(scale.messages / rooms.length);
  for (const [i, room] of rooms.entries()) {
    for (let from = 0; from < each; from += BATCH) {
      const count = Math.min(BATCH, each - from);
      const facts = Array.from({ length: count }, (_, k) => ({
        ...messageAt(i * each + from + k + 1, people),
        seq: from + k + 1,
      }));
      await store.sql.begin(async (tx) => {
        await storeFacts(tx, [{ room, entries: facts.map((fact) => ({ n: fact.seq, fact })) }]);
        // Grouping them into conversations would take as long again, and is not what is measured.
        await advanceDigested(tx, room, { from, to: from + count });
      });
    }
  }
}

async function addPeople({ sql }: Store, count: number): Promise<UserId[]> {
  const rows = await sql<{ id: UserId }[]>`
    INSERT INTO users (id, kind, name)
    SELECT gen_random_uuid(), 'guest', 'person ' || i FROM generate_series(0, ${count - 1}) i RETURNING id`;
  return rows.map(({ id }) => id);
}

/** The worker indexes by itself; answers how many messages a second. */
async function untilIndexed({ sql }: Store, { messages }: Scale): Promise<number> {
  const indexed = async () =>
    (
      await sql<{ n: number }[]>`SELECT coalesce(sum(indexed_seq), 0)::int AS n FROM search_marks`
    )[0]?.n ?? 0;
  const before = await indexed();
  const begin = performance.now();
  while ((await indexed()) < messages) await setTimeout(LOOK_EVERY_MS);
  return ((messages - before) / (performance.now() - begin)) * 1_000;
}

type Ask = (query: Record<string, string>) => Promise<number>;

/** Answers how many were found. */
async function askerAt(url: string): Promise<Ask> {
  const guest = await fetch(`${url}/guests`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ displayName: "Ada" }),
  });
  const { token } = (await guest.json()) as { token: string };
  return async (query) => {
    const answer = await fetch(`${url}/search?${new URLSearchParams(query).toString()}`, {
      headers: { Authorization: `Bearer ${token}` },
    });
    if (answer.status !== 200) throw new Error(`${answer.status}: ${await answer.text()}`);
    return ((await answer.json()) as { items: unknown[] }).items.length;
  };
}

interface Leg {
  name: string;
  latenciesMs: number[];
  found: number;
}

/** Kinds of search in turns, so that what slows the machine down slows all of them. */
async function measure(scale: Scale, rooms: readonly RoomId[], ask: Ask): Promise<Leg[]> {
  const random = randomFrom(42);
  const pick = (most: number) => Math.floor(random() * most);
  const said = () => textAt(1 + pick(scale.messages)).split(" ");
  const kinds: [string, () => Record<string, string>][] = [
    ["a frequent word", () => ({ q: wordOf(pick(50)) })],
    ["a rare word", () => ({ q: wordOf(5_000 + pick(20_000)) })],
    [
      "two words, by relevance",
      () => ({ q: `${wordOf(pick(300))} ${wordOf(pick(300))}`, sort: "relevance" }),
    ],
    ["a phrase", () => ({ q: `"${said().slice(2, 4).join(" ")}"` })],
    ["Japanese", () => ({ q: `${japaneseOf(pick(20))}の${japaneseOf(pick(20))}` })],
    ["a word with a typo", () => ({ q: misspell(wordOf(600 + pick(10_000)), pick) })],
    [
      "a word in one room",
      () => ({ q: wordOf(pick(1_000)), room: rooms[pick(rooms.length)] ?? "" }),
    ],
    [
      "a word, by whom and before when",
      () => ({ q: `${wordOf(pick(100))} from:"person ${pick(scale.people)}" before:2026-01-09` }),
    ],
  ];
  const legs = kinds.map(([name]): Leg => ({ name, latenciesMs: [], found: 0 }));
  for (let round = -5; round < scale.searches; round += 1) {
    for (const [i, [, query]] of kinds.entries()) {
      const asked = query();
      const begin = performance.now();
      const found = await ask(asked);
      const leg = legs[i];
      if (round < 0 || leg === undefined) continue;
      leg.latenciesMs.push(performance.now() - begin);
      leg.found += found > 0 ? 1 : 0;
    }
  }
  return legs;
}

/** Two letters changed places. */
function misspell(word: string, pick: (most: number) => number): string {
  const at = 1 + pick(word.length - 2);
  return `${word.slice(0, at)}${word[at + 1] ?? ""}${word[at] ?? ""}${word.slice(at + 2)}`;
}

/** How far the index was behind, looked at again and again while people talk. */
async function lagWhileTalking(options: {
  store: Store;
  ports: number[];
  rooms: string[];
  scale: Scale;
}): Promise<number[]> {
  const { store, ports, rooms, scale } = options;
  const crowd = await gatherCrowd({
    ports,
    dialect: eddy.dialect,
    seating: { rooms, membersPerRoom: 3, speakersPerRoom: 2 },
  });
  const lagsMs: number[] = [];
  const over = new AbortController();
  const watch = async () => {
    while (!over.signal.aborted) {
      const [row] = await store.sql<{ ms: number }[]>`
        SELECT coalesce(extract(epoch FROM clock_timestamp() - min(since)) * 1000, 0)::float8 AS ms FROM search_due`;
      lagsMs.push(row?.ms ?? 0);
      await setTimeout(LOOK_EVERY_MS);
    }
  };
  const watching = watch();
  await speakTo(crowd, scale, { begin: () => {}, end: () => {} });
  over.abort();
  await watching;
  crowd.close();
  return lagsMs;
}

function report(found: {
  legs: Leg[];
  lagsMs: number[];
  indexedPerSecond: number;
  scale: Scale;
  versions: Record<string, string>;
}): Report {
  const { scale, indexedPerSecond } = found;
  const rows = found.legs.map(({ name, latenciesMs, found: hits }) => {
    const sorted = latenciesMs.toSorted((a, b) => a - b);
    return { name, hits, p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99) };
  });
  const slowest = rows.toSorted((a, b) => b.p99 - a.p99)[0];
  const lagMs = Math.max(...found.lagsMs);
  return {
    title: "Search",
    claims: [
      `Of ${scale.messages.toLocaleString("en")} messages, the slowest kind of search is ${slowest?.name}: p99 ${show(slowest?.p99 ?? NaN)} ms. ${verdict((slowest?.p99 ?? Infinity) <= GOAL.p99Ms, `${GOAL.p99Ms} ms`)}`,
      `While ${scale.perSecond} messages a second are said, the index is ${show(lagMs)} ms behind at most. ${verdict(lagMs <= GOAL.lagMs, `${GOAL.lagMs} ms`)} What was there before is indexed at ${show(indexedPerSecond)} messages a second.`,
    ],
    tables: [
      {
        title: "Time to answer",
        columns: ["search", "p50 ms", "p99 ms", "that found something"],
        rows: rows.map(({ name, p50, p99, hits }) => [
          name,
          show(p50),
          show(p99),
          `${hits} of ${scale.searches}`,
        ]),
      },
    ],
    method: [
      `Two gateways, a worker, PostgreSQL and Redis on this machine; one person asks over REST, pages of 50, each kind of search in turn.`,
      `${scale.rooms} public rooms; 12 words a message out of 30,000, as frequent as Zipf's law has it; every 20th message is Japanese. Stored through the query that workers use, and indexed by the worker.`,
    ],
    versions: found.versions,
  };
}

function verdict(isReached: boolean, goal: string): string {
  return isReached ? `Goal reached (${goal}).` : `**Goal missed** (${goal}).`;
}
