import postgres from "postgres";

import type { Fact } from "../../protocol/facts.ts";
import type { Message } from "../../protocol/shapes.ts";
import { readRecord, type Seen, type Sent } from "./record.ts";

/** One way to see the room, and what of the log is missing, doubled or out of order there. */
export interface Proof {
  view: string;
  found: number;
  problems: string[];
}

/** Reads everything back and compares it with what was sent. The database is looked at when it is named. */
export async function verify(file: string, databaseUrl: string | undefined): Promise<Proof[]> {
  const { url, room, token, sent, live } = readRecord(file);
  const rest = { base: `${url}/v1/rooms/${room}`, token };
  return [
    prove("live view", sent, live),
    prove("history (REST)", sent, await readHistory(rest)),
    prove("messages (REST)", sent, await readMessages(rest)),
    ...(databaseUrl === undefined
      ? []
      : [prove("Postgres", sent, await readPostgres(databaseUrl, room))]),
  ];
}

/** Whether a view shows each line once, in order; other people's lines in between do not matter. */
function prove(view: string, sent: readonly Sent[], all: readonly Seen[]): Proof {
  const wanted = new Map(sent.map(({ clientId, text }) => [clientId, text]));
  const seen = all.filter(({ clientId }) => wanted.has(clientId));
  const problems: string[] = [];
  const times = new Map<string, number>();
  for (const { clientId } of seen) times.set(clientId, (times.get(clientId) ?? 0) + 1);
  for (const [i, { clientId, text }] of sent.entries()) {
    const count = times.get(clientId) ?? 0;
    if (count === 0) problems.push(`line ${i + 1} is lost: ${text.slice(0, 40)}`);
    if (count > 1) problems.push(`line ${i + 1} is there ${count} times: ${text.slice(0, 40)}`);
  }
  const order = new Map(sent.map(({ clientId }, i) => [clientId, i]));
  let last = { seq: 0, place: -1 };
  for (const { seq, clientId, text } of seen) {
    const place = order.get(clientId) ?? -1;
    if (seq <= last.seq || place < last.place) problems.push(`line ${place + 1} is out of order`);
    if (text !== wanted.get(clientId)) problems.push(`line ${place + 1} says something else`);
    last = { seq, place };
  }
  return { view, found: seen.length, problems };
}

interface Rest {
  base: string;
  token: string;
}

async function get<T>({ base, token }: Rest, path: string): Promise<T> {
  const response = await fetch(`${base}${path}`, { headers: { Authorization: `Bearer ${token}` } });
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
  return (await response.json()) as T;
}

async function readHistory(rest: Rest): Promise<Seen[]> {
  const seen: Seen[] = [];
  for (let after = 0; ;) {
    const page = await get<{ events: Fact[]; next: number; more: boolean }>(
      rest,
      `/events?after=${after}&limit=500`,
    );
    for (const fact of page.events) {
      if (fact.type !== "message.sent") continue;
      seen.push({ seq: fact.seq, clientId: fact.clientId, text: fact.text ?? "" });
    }
    if (!page.more) return seen;
    after = page.next;
  }
}

async function readMessages(rest: Rest): Promise<Seen[]> {
  const seen: Seen[] = [];
  for (let query = "after=0"; ;) {
    const page = await get<{ items: Message[]; nextCursor: string | null }>(
      rest,
      `/messages?limit=200&${query}`,
    );
    for (const { seq, clientId, text = "" } of page.items) seen.push({ seq, clientId, text });
    if (page.nextCursor === null) return seen;
    query = `cursor=${page.nextCursor}`;
  }
}

async function readPostgres(databaseUrl: string, slug: string): Promise<Seen[]> {
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
  try {
    return await sql<Seen[]>`
      SELECT f.seq::float8 AS seq, f.client_id AS "clientId", f.text
      FROM facts f JOIN rooms r ON r.id = f.room_id
      WHERE r.slug = ${slug} AND f.type = 'message.sent' ORDER BY f.seq`;
  } finally {
    await sql.end();
  }
}
