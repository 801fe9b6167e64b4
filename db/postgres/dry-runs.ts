import { v7 as uuidv7 } from "uuid";

import { DryRunId, type RoomId, type UserId } from "../../protocol/ids.ts";
import type { DryRun, FilterRule, Role } from "../../protocol/shapes.ts";
import type { Store } from "./connection.ts";
import { iso } from "./facts.ts";

/** What trying a rule found, without any text. */
export interface Found {
  messages: number;
  hits: number;
  people: number;
  moderators: number;
  most: { user: UserId; name: string; hits: number }[];
  /** Seqs of the newest messages that were hit, ascending. */
  samples: number[];
}

/** A run as the worker that carries it out knows it. */
export interface DryRunTask {
  id: DryRunId;
  room: RoomId;
  rule: FilterRule;
  /** ISO time. */
  since: string;
}

/** Wants a rule tried on what was said in a room since a time. Runs of the day before are forgotten. */
export async function createDryRun(
  { sql }: Store,
  wanted: { room: RoomId; by: UserId; rule: FilterRule; since: string },
): Promise<DryRunId> {
  const { room, by, rule, since } = wanted;
  const id = DryRunId.parse(uuidv7());
  await sql`DELETE FROM dry_runs WHERE room_id = ${room} AND created_at < now() - interval '1 day'`;
  await sql`
    INSERT INTO dry_runs (id, room_id, by_id, rule, since)
    VALUES (${id}, ${room}, ${by}, ${JSON.stringify(rule)}::text::jsonb, ${since}::text::timestamptz)`;
  return id;
}

/** A run of a room; null when there is none, or it is forgotten. */
export async function findDryRun(
  { sql }: Store,
  room: RoomId,
  id: DryRunId,
): Promise<(Omit<DryRun, "samples"> & { samples: number[] }) | null> {
  const [row] = await sql<DryRunRow[]>`
    SELECT id, state, rule, progress, found, ${iso(sql, "since")} AS since,
      ${iso(sql, "created_at")} AS "createdAt", ${iso(sql, "finished_at")} AS "finishedAt"
    FROM dry_runs WHERE room_id = ${room} AND id = ${id}`;
  if (row === undefined) return null;
  const { found, ...rest } = row;
  return { ...rest, ...(found ?? NOTHING_YET) };
}

type DryRunRow = Pick<
  DryRun,
  "id" | "state" | "rule" | "progress" | "since" | "createdAt" | "finishedAt"
> & { found: Found | null };

const NOTHING_YET: Found = {
  messages: 0,
  hits: 0,
  people: 0,
  moderators: 0,
  most: [],
  samples: [],
};

/** Runs that are to be carried out, the oldest first. */
export async function dryRunsToDo({ sql }: Store): Promise<DryRunId[]> {
  const rows = await sql<{ id: DryRunId }[]>`
    SELECT id FROM dry_runs WHERE state <> 'done' ORDER BY created_at LIMIT 100`;
  return rows.map(({ id }) => id);
}

/** Takes a run up, from its beginning; null when it is done or forgotten. */
export async function beginDryRun({ sql }: Store, id: DryRunId): Promise<DryRunTask | null> {
  const [row] = await sql<DryRunTask[]>`
    UPDATE dry_runs SET state = 'running', progress = 0 WHERE id = ${id} AND state <> 'done'
    RETURNING id, room_id AS room, rule, ${iso(sql, "since")} AS since`;
  return row ?? null;
}

/** Notes how far a run is (0 to 1) and, at its end, what it found. */
export async function noteDryRun(
  { sql }: Store,
  id: DryRunId,
  { progress, found }: { progress: number; found: Found | null },
): Promise<void> {
  await sql`
    UPDATE dry_runs SET progress = ${progress},
      state = ${found === null ? "running" : "done"},
      found = ${found === null ? null : JSON.stringify(found)}::text::jsonb,
      finished_at = ${found === null ? null : new Date().toISOString()}::text::timestamptz
    WHERE id = ${id}`;
}

/** A stored message, as a rule is tried on it. */
export interface SaidBefore {
  seq: number;
  /** Its number among the room's messages. */
  n: number;
  atMs: number;
  by: UserId;
  name: string;
  /** Null when it was removed. */
  text: string | null;
}

/** Messages of a room after the nth, ascending. */
export async function readSaid(
  { sql }: Store,
  { room, after, limit }: { room: RoomId; after: number; limit: number },
): Promise<SaidBefore[]> {
  return sql<SaidBefore[]>`
    SELECT seq, n, (extract(epoch FROM at) * 1000)::float8 AS "atMs", by_id AS by, by_name AS name, text
    FROM facts WHERE room_id = ${room} AND type = 'message.sent' AND n > ${after}
    ORDER BY n LIMIT ${limit}`;
}

/** How many messages a room had before a time. Messages are dense and nearly in the order of their times. */
export async function countSaidBefore(
  { sql }: Store,
  room: RoomId,
  since: string,
): Promise<{ before: number; all: number }> {
  const [newest] = await sql<{ n: number }[]>`
    SELECT n FROM facts WHERE room_id = ${room} AND type = 'message.sent' ORDER BY n DESC LIMIT 1`;
  const all = newest?.n ?? 0;
  let [low, high] = [0, all];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const [row] = await sql<{ isBefore: boolean }[]>`
      SELECT at < ${since}::text::timestamptz AS "isBefore" FROM facts
      WHERE room_id = ${room} AND type = 'message.sent' AND n > ${middle} ORDER BY n LIMIT 1`;
    if (row?.isBefore === true) low = middle + 1;
    else high = middle;
  }
  return { before: low, all };
}

/** The roles of a room's members. */
export async function readRoles({ sql }: Store, room: RoomId): Promise<Map<UserId, Role>> {
  const rows = await sql<{ user: UserId; role: Role }[]>`
    SELECT user_id AS "user", role FROM members WHERE room_id = ${room}`;
  return new Map(rows.map(({ user, role }) => [user, role]));
}
