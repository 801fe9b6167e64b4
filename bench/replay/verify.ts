import postgres from "postgres";

import { callRest, type RestOptions } from "../../client/rest.ts";
import type { CommandOutput } from "../../protocol/commands.ts";
import { compare, type Differences } from "./compare.ts";
import { readRecord, type ReplayRecord, type Seen } from "./record.ts";

/** One way to see the room, and what is wrong there. */
export interface View {
  name: string;
  /** Messages of the replay, or that claim to be. */
  found: number;
  wrong: Differences;
}

/** What a record was compared with. */
export interface Verdict {
  record: ReplayRecord;
  views: View[];
  /** The replay got to its end, and all is well in every view. */
  holds: boolean;
}

/**
 * Reads everything back, and compares it with what was accepted: the listener's live view, history
 * and messages over REST, and PostgreSQL when it is named. Errors: what cannot be read, and why.
 */
export async function verify(
  file: string,
  { url, databaseUrl }: { url: string | undefined; databaseUrl: string | undefined },
): Promise<Verdict> {
  const record = await readRecord(file);
  const rest = await signIn(url ?? record.url);
  const read: [string, readonly Seen[]][] = [
    ["live view", record.seen],
    ["REST /events", await readEvents(rest, record)],
    ["REST /messages", await readMessages(rest, record)],
  ];
  if (databaseUrl !== undefined) read.push(["PostgreSQL", await readRows(databaseUrl, record)]);
  const speakers = new Set(record.sent.map(({ user }) => user));
  const views = read.map(([name, view]) => ({
    name,
    found: view.filter(({ user }) => speakers.has(user)).length,
    wrong: compare(record.sent, view),
  }));
  const complete = record.ended && record.sent.length === record.lines;
  return { record, views, holds: complete && views.every(({ wrong }) => isEmpty(wrong)) };
}

function isEmpty({ lost, doubled, outOfOrder, changed }: Differences): boolean {
  return lost.length + doubled.length + outOfOrder.length + changed.length === 0;
}

/** A guest who was not there: what they see is what the server kept. */
async function signIn(url: string): Promise<RestOptions> {
  const nobody = { url, token: null, fetch: globalThis.fetch };
  const { token } = await callRest(nobody, "guest:create", { displayName: "Verifier" });
  return { ...nobody, token };
}

async function readEvents(rest: RestOptions, { room, after }: ReplayRecord): Promise<Seen[]> {
  const seen: Seen[] = [];
  for (let from = after; ;) {
    const ask = { room, after: from, limit: 500 };
    const { events, next, more } = await callRest(rest, "room:history", ask);
    for (const fact of events) {
      if (fact.type !== "message.sent") continue;
      const { seq, clientId, by, text = null } = fact;
      seen.push({ seq, clientId, user: by.id, text });
    }
    if (!more) return seen;
    from = next;
  }
}

async function readMessages(rest: RestOptions, { room, after }: ReplayRecord): Promise<Seen[]> {
  const seen: Seen[] = [];
  for (let place: { after: number } | { cursor: string } = { after }; ;) {
    const page: CommandOutput<"message:list"> = await callRest(rest, "message:list", {
      room,
      ...place,
      limit: 200,
    });
    for (const { seq, clientId, by, text = null } of page.items) {
      seen.push({ seq, clientId, user: by.id, text });
    }
    if (page.nextCursor === null) return seen;
    place = { cursor: page.nextCursor };
  }
}

async function readRows(
  databaseUrl: string,
  { room, after }: ReplayRecord,
): Promise<readonly Seen[]> {
  const sql = postgres(databaseUrl, { max: 1, connect_timeout: 5, onnotice: () => {} });
  try {
    return await sql<Seen[]>`
      SELECT seq::float8 AS seq, client_id AS "clientId", by_id AS "user", text
      FROM facts WHERE room_id = ${room} AND seq > ${after} AND type = 'message.sent'
      ORDER BY facts.seq`;
  } finally {
    await sql.end({ timeout: 1 });
  }
}
