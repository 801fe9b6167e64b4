import type { Fact } from "../../protocol/facts.ts";
import type { RoomId, UserId } from "../../protocol/ids.ts";
import type { RedisLink } from "./connection.ts";
import { bucketOf, keys, luaRoomKeys, tagOf } from "./keys.ts";
import { loadScript } from "./script.ts";

/** One entry of the hot log. */
export interface HotEntry {
  seq: number;
  /** Messages in the room up to this entry. */
  n: number;
  /** The fact as JSON; empty when its body is missing. */
  json: string;
}

/** Where a room's hot log stands, and a piece of it. */
export interface HotPage {
  run: string;
  epoch: number;
  head: number;
  stored: number;
  /** Messages in the room up to the head. */
  n: number;
  policy: number;
  /** Above this position the hot log is complete; what lies at or below it is in Postgres. */
  floor: number;
  entries: HotEntry[];
}

const runRead = loadScript("read");

/** Reads the hot log after or before a position, ascending; null when this Redis has no log of it. */
export async function readHot(
  link: RedisLink,
  ask: { room: RoomId; way: "after" | "before"; position: number; limit: number },
): Promise<HotPage | null> {
  const { room } = ask;
  const run = link.run();
  const reply = await runRead(
    link.redis,
    [keys.log(room), keys.body(room), keys.meta(room)],
    [ask.way, ask.position, ask.limit],
  );
  // Another run: the log may have lost its tail, and must be seeded before anyone trusts it.
  if (reply.length === 0 || reply[0] !== run) return null;
  return hotPage(reply);
}

/** As `readHot`, whatever run wrote the log: for those who carry over what survived a restart. */
export async function readSurvivors(
  link: RedisLink,
  ask: { room: RoomId; position: number; limit: number },
): Promise<HotPage | null> {
  const { room } = ask;
  const reply = await runRead(
    link.redis,
    [keys.log(room), keys.body(room), keys.meta(room)],
    ["after", ask.position, ask.limit],
  );
  return reply.length === 0 ? null : hotPage(reply);
}

function hotPage(reply: string[]): HotPage {
  const [run = "", epoch, head, stored, n, policy, floor] = reply;
  const entries: HotEntry[] = [];
  for (let i = 7; i < reply.length; i += 3) {
    entries.push({ seq: Number(reply[i]), n: Number(reply[i + 1]), json: reply[i + 2] ?? "" });
  }
  return {
    run,
    epoch: Number(epoch),
    head: Number(head),
    stored: Number(stored),
    n: Number(n),
    policy: Number(policy),
    floor: Number(floor),
    entries,
  };
}

/** What a change made of a message: its present text, or that it is gone; and which edits it had. */
export interface ChangedState {
  edits: number[];
  text?: string;
  editedAt?: string;
  removed?: true;
}

/** What the last unstored changes made of these messages; targets without one are left out. */
export async function readChanges(
  link: RedisLink,
  room: RoomId,
  targets: readonly number[],
): Promise<Map<number, ChangedState & { last: string }>> {
  if (targets.length === 0) return new Map();
  const found = await link.redis.hmget(keys.changes(room), ...targets.map(String));
  return new Map(
    targets.flatMap((target, i) => {
      const change = found[i];
      if (change === null || change === undefined) return [];
      const space = change.indexOf(" ");
      const state = JSON.parse(change.slice(space + 1)) as ChangedState;
      return [[target, { ...state, last: change.slice(0, space) }] as const];
    }),
  );
}

/** A seq above which nothing was trimmed yet; null when there is no hot log. */
export async function readTrimmed(link: RedisLink, room: RoomId): Promise<number | null> {
  const replies = await link.redis
    .pipeline()
    .xrange(keys.log(room), "-", "+", "COUNT", 1)
    .hget(keys.meta(room), "stored")
    .exec();
  const [oldest, stored] = (replies ?? []).map(([error, value]) => {
    if (error !== null) throw error;
    return value;
  });
  if (typeof stored !== "string") return null;
  const [id] = (oldest as [string, string[]][])[0] ?? [];
  // Below the first fact of an epoch lie seqs that never were; but only what is stored is trimmed.
  const floor = id === undefined ? Infinity : Number(id.slice(id.indexOf("-") + 1)) - 1;
  return Math.min(floor, Number(stored));
}

/** Facts of the hot log as they may be replayed, by seq; those it does not hold are left out. */
export async function readBodies(
  link: RedisLink,
  room: RoomId,
  seqs: readonly number[],
): Promise<Map<number, string>> {
  const found = await link.redis.hmget(keys.body(room), ...seqs.map(String));
  return new Map(
    seqs.flatMap((seq, i) => {
      const json = found[i];
      return json === null || json === undefined ? [] : [[seq, json] as const];
    }),
  );
}

const runReplace = loadScript("replace");

/** Puts another fact in an entry's place, at its seq; an entry that was trimmed stays gone. */
export async function replaceBody(link: RedisLink, room: RoomId, fact: Fact): Promise<void> {
  await runReplace(link.redis, [keys.body(room)], [fact.seq, JSON.stringify(fact)]);
}

/** Where the logs of rooms stand, in one round trip; null for those that this run does not know. */
export async function readHeads(
  link: RedisLink,
  rooms: readonly RoomId[],
): Promise<({ epoch: number; head: number; stored: number } | null)[]> {
  const run = link.run();
  const pipeline = link.redis.pipeline();
  for (const room of rooms) pipeline.hmget(keys.meta(room), "run", "epoch", "head", "stored");
  const replies = (await pipeline.exec()) ?? [];
  return replies.map(([error, value]) => {
    if (error !== null) throw error;
    const [by, epoch, head, stored] = value as (string | null)[];
    if (by !== run) return null;
    return { epoch: Number(epoch), head: Number(head), stored: Number(stored) };
  });
}

const runStored = loadScript("stored", luaRoomKeys);

/**
 * Notes what is committed, tells the members and trims; see scripts/stored.lua. Only after COMMIT.
 * Errors: those of Redis; when a room fails, the others are done.
 */
export async function noteStored(
  link: RedisLink,
  rooms: readonly { room: RoomId; seq: number }[],
  keep: number,
): Promise<void> {
  const [first] = rooms;
  if (first === undefined) return;
  const args = rooms.flatMap(({ room, seq }) => [tagOf(room), room, seq]);
  const failures = await runStored(
    link.redis,
    [keys.dirty(bucketOf(first.room))],
    [keep, MOST_TRIMMED_AT_ONCE, ...args],
  );
  if (failures.length > 0) throw new Error(`stored.lua failed: ${failures.join("; ")}`);
}

/** Of each room, in one call: bounds how long it holds Redis up; the next call goes on. */
const MOST_TRIMMED_AT_ONCE = 1_000;

const runSeed = loadScript("seed");

/** A lifting that Postgres has committed, whose fact may not be in the log, and what it lifts. */
export interface PendingLifting {
  /** The idempotency key of its fact. */
  sendKey: string;
  field: string;
  until: number | null;
}

export interface SeedRequest {
  room: RoomId;
  /** The run that the seed was planned with. */
  run: string;
  /** In Redis' own time. */
  deadlineMs: number;
  epoch: number;
  base: number;
  stored: number;
  n: number;
  policy: number;
  /** Nothing was lost: carry on in the same epoch. */
  adopt: boolean;
  lost: { from: number; to: number } | null;
  /** Seq of the last fact that stands, as it was committed with the epoch. */
  end: number;
  sanctions: { field: string; until: number | null }[];
  liftings: PendingLifting[];
  /** Whose clientIds ran ahead of time, and up to when (ms). */
  ahead: { user: UserId; until: number }[];
}

/** Gives a room a hot log; see scripts/seed.lua. Only with the room's row locked. */
export async function seedRoom(
  link: RedisLink,
  seed: SeedRequest,
): Promise<"seeded" | "already" | "late"> {
  const { room } = seed;
  if (link.run() !== seed.run) return "late";
  const [status] = await runSeed(
    link.redis,
    [
      keys.log(room),
      keys.body(room),
      keys.meta(room),
      keys.dedupe(room, 0),
      keys.dedupe(room, 1),
      keys.sanctions(room),
      keys.changes(room),
      keys.dirty(bucketOf(room)),
      keys.ahead(room),
    ],
    [
      seed.run,
      seed.deadlineMs,
      room,
      seed.epoch,
      seed.base,
      seed.stored,
      seed.n,
      seed.policy,
      seed.adopt ? "1" : "0",
      keys.feed(room),
      seed.lost?.from ?? "",
      seed.lost?.to ?? "",
      seed.end,
      seed.sanctions.length,
      seed.liftings.length,
      ...seed.sanctions.flatMap(({ field, until }) => [field, until ?? -1]),
      ...seed.liftings.flatMap(({ sendKey, field, until }) => [sendKey, field, until ?? -1]),
      ...seed.ahead.flatMap(({ user, until }) => [user, until]),
    ],
  );
  if (status === "LATE") return "late";
  return status === "SEEDED" ? "already" : "seeded";
}

const runPolicy = loadScript("policy");

/** Makes every gateway read a room's rules anew before its next append. */
export async function notePolicy(link: RedisLink, room: RoomId, version: number): Promise<void> {
  await runPolicy(link.redis, [keys.meta(room)], [version]);
}

/** Until when someone is banned (ms, null for good), "none" when they are not, "unknown" when nobody knows. */
export type Ban = number | null | "none" | "unknown";

/**
 * Which of these people are banned from a room, in their order. "unknown" when this run of Redis has
 * not loaded the room's sanctions.
 */
export async function readBans(
  link: RedisLink,
  room: RoomId,
  users: readonly UserId[],
): Promise<Ban[]> {
  const run = link.run();
  const replies = await link.redis
    .pipeline()
    .hget(keys.meta(room), "run")
    .hmget(keys.sanctions(room), "loaded", ...users.map((user) => `ban:${user}`))
    .exec();
  const [meta, sanctions] = replies ?? [];
  const [loaded, ...bans] = (sanctions?.[1] ?? []) as (string | null)[];
  const isKnown = meta?.[1] === run && typeof loaded === "string";
  return users.map((_, i) => {
    const until = bans[i];
    if (!isKnown) return "unknown";
    if (typeof until !== "string") return "none";
    return until === "-1" ? null : Number(until);
  });
}
