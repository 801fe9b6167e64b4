import { openStore } from "../../db/postgres/connection.ts";
import { RoomId } from "../../protocol/ids.ts";
import type { Missed } from "../../protocol/shapes.ts";
import type { Benchmark, Report } from "../benchmark.ts";
import { portOf } from "../fan-out/design.ts";
import { startEddy } from "../fan-out/eddy.ts";
import { quantile, show } from "../spread.ts";
import { fillRoom } from "./fill-room.ts";

const GOAL = { p99Ms: 50, ratio: 1.5 };
/** Where an absence begins is anywhere in a block: it decides how much is read one by one. */
const SPREAD = 64;

interface Leg {
  missed: number;
  latenciesMs: number[];
  bytes: number;
}

/** How long it takes to tell what was missed, after a short absence and after very long ones. */
export const missedBenchmark: Benchmark = {
  name: "missed",
  summary: "what happened while someone was away: after 100, 10,000 and 1,000,000 missed messages",
  run: async ({ quick, onProgress }) => {
    const absences = quick ? [100, 1_000, 5_000] : [100, 10_000, 1_000_000];
    const running = await startEddy({ rooms: 1, gateways: 1 });
    const store = openStore({ url: running.databaseUrl ?? "", name: "bench", connections: 2 });
    try {
      const [room] = running.rooms;
      const [gateway] = running.gateways;
      if (gateway === undefined) throw new Error("Eddy needs a gateway");
      const messages = Math.max(...absences) + 2 * SPREAD;
      await fillRoom(store, { room: RoomId.parse(room), messages });
      await store.sql`ANALYZE facts, placements, digests, reactions, mentions`;
      onProgress(`${messages} messages are digested`);
      const ask = await askerAt(`http://127.0.0.1:${portOf(gateway)}/v1`, `/rooms/${room}/missed`);
      const legs = await measure(absences, { messages, rounds: quick ? 20 : 400, ask });
      return report(legs, running.versions);
    } finally {
      await store.close();
      await running.close();
    }
  },
};

type Ask = (since: number) => Promise<{ missed: Missed; bytes: number }>;

async function askerAt(url: string, path: string): Promise<Ask> {
  const guest = await fetch(`${url}/guests`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ displayName: "Ada" }),
  });
  const { token } = (await guest.json()) as { token: string };
  return async (since) => {
    const answer = await fetch(`${url}${path}?since=${since}`, {
      headers: { Authorization: `Bearer ${token}` },
    });
    if (answer.status !== 200) throw new Error(`${answer.status}: ${await answer.text()}`);
    const text = await answer.text();
    return { missed: JSON.parse(text) as Missed, bytes: Buffer.byteLength(text) };
  };
}

/** Absences in turns, so that what slows the machine down slows all of them. */
async function measure(
  absences: readonly number[],
  { messages, rounds, ask }: { messages: number; rounds: number; ask: Ask },
): Promise<Leg[]> {
  const legs = absences.map((missed): Leg => ({ missed, latenciesMs: [], bytes: 0 }));
  const warmUp = Math.ceil(rounds / 10);
  for (let round = -warmUp; round < rounds; round += 1) {
    for (const leg of legs) {
      const since = messages - leg.missed - (Math.abs(round * 7) % SPREAD);
      const begin = performance.now();
      const { missed, bytes } = await ask(since);
      const tookMs = performance.now() - begin;
      if (missed.messages !== messages - since) throw new Error("Not all that was missed is told");
      leg.bytes = Math.max(leg.bytes, bytes);
      if (round >= 0) leg.latenciesMs.push(tookMs);
    }
  }
  return legs;
}

function report(legs: readonly Leg[], versions: Record<string, string>): Report {
  const rows = legs.map(({ missed, latenciesMs, bytes }) => {
    const sorted = latenciesMs.toSorted((a, b) => a - b);
    return { missed, bytes, p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99) };
  });
  const [shortest, longest] = [rows[0], rows.at(-1)];
  if (shortest === undefined || longest === undefined) throw new Error("There were no absences");
  return {
    title: "What was missed, after short and long absences",
    claims: [
      `p99 ${rows.map(({ p99 }) => show(p99)).join(", ")} ms after ${rows.map(({ missed }) => count(missed)).join(", ")} missed messages (goal: ${GOAL.p99Ms} ms).`,
      `The longest absence costs ×${show(longest.p99 / shortest.p99)} of the shortest at p99, ×${show(longest.p50 / shortest.p50)} at p50 (goal: ${GOAL.ratio}).`,
    ],
    tables: [
      {
        title: "Time to answer",
        columns: ["missed messages", "p50 ms", "p99 ms", "bytes at most"],
        rows: rows.map(({ missed, p50, p99, bytes }) => [
          count(missed),
          show(p50),
          show(p99),
          count(bytes),
        ]),
      },
    ],
    method: [
      "One gateway, one worker, PostgreSQL and Redis on this machine; one person asks again and again over REST, for each absence in turn.",
      "The room is filled through the workers' queries: 2,000 people, six conversations at a time. Absences begin anywhere in a block of 64 messages.",
    ],
    versions,
  };
}

function count(value: number): string {
  return value.toLocaleString("en");
}
