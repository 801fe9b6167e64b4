import type { ErrorCode } from "../../protocol/errors.ts";
import type { Draft, Fact } from "../../protocol/facts.ts";
import type { RoomId, UserId } from "../../protocol/ids.ts";
import type { RedisLink } from "./connection.ts";
import { bucketOf, keys } from "./keys.ts";
import { loadScript } from "./script.ts";

/** Something that becomes true together with a fact, in the same step. */
export type Effect =
  /** The last change of `seq` must still be `last` ("" for none), else the append answers `moved`. */
  | { kind: "expect"; seq: number; last: string }
  /** What the last change made of `seq`; read over Postgres until the change is stored. */
  | { kind: "change"; seq: number; state: ChangedState }
  /** How the fact at `seq` is replayed from now on. */
  | { kind: "body"; seq: number; json: string }
  | { kind: "sanction"; field: string; until: number | null | "lifted" }
  | { kind: "policy"; version: number };

/** What a change made of a message: its present text, or that it is gone; and which edits it had. */
export interface ChangedState {
  edits: number[];
  text?: string;
  editedAt?: string;
  removed?: true;
}

export interface AppendRequest {
  room: RoomId;
  author: UserId;
  at: string;
  /** The fact's JSON without its opening brace and seq. */
  rest: string;
  /** Null for facts that nobody sends again. */
  idempotency: { key: string; hash: string; bornMs: number; checked: boolean } | null;
  /** What the caller's policy says, and the version of the rules it read; null when rules do not matter. */
  policy: { version: number; verdict: ErrorCode | null } | null;
  /** Which sanctions of the author refuse it. */
  guard: "none" | "ban" | "mute";
  slowModeMs: number;
  /** Accepted but unstored facts at most; 0 for facts that must not be refused. */
  cap: number;
  isMessage: boolean;
  target: number | null;
  replyTo: number | null;
  effects: Effect[];
}

export type AppendResult =
  | { status: "accepted"; seq: number; epoch: number; prev: number }
  | { status: "duplicate"; seq: number; epoch: number; at: string }
  | { status: "unseeded" }
  | { status: "conflict" }
  | { status: "check" }
  | { status: "policy" }
  | { status: "moved" }
  | { status: "refused"; code: ErrorCode }
  | { status: "sanctioned"; kind: "ban" | "mute"; untilMs: number | null }
  | { status: "slow"; retryAfterMs: number }
  | { status: "busy"; unstored: number }
  | { status: "past"; head: number };

const runAppend = loadScript("append");

/** Appends one fact to a room's log; see scripts/append.lua for what holds. */
export async function appendFact(link: RedisLink, request: AppendRequest): Promise<AppendResult> {
  const { room, idempotency: send } = request;
  const reply = await runAppend(
    link.redis,
    [
      keys.log(room),
      keys.body(room),
      keys.meta(room),
      keys.dedupe(room, 0),
      keys.dedupe(room, 1),
      keys.sanctions(room),
      keys.slow(room),
      keys.changes(room),
      keys.dirty(bucketOf(room)),
    ],
    [
      link.run(),
      room,
      keys.feed(room),
      send?.key ?? "",
      send?.hash ?? "",
      send?.bornMs ?? 0,
      send?.checked === true ? "1" : "0",
      request.policy?.verdict ?? "",
      request.policy?.version ?? "",
      request.guard === "none" ? "" : request.guard,
      request.author,
      request.slowModeMs,
      request.cap,
      request.isMessage ? "1" : "0",
      request.target ?? "",
      request.replyTo ?? "",
      request.at,
      request.rest,
      ...request.effects.flatMap(effectArgs),
    ],
  );
  return appendResult(reply);
}

function effectArgs(effect: Effect): (string | number)[] {
  switch (effect.kind) {
    case "expect":
      return ["expect", effect.seq, effect.last];
    case "change":
      return ["change", effect.seq, JSON.stringify(effect.state)];
    case "body":
      return ["body", effect.seq, effect.json];
    case "sanction":
      return ["sanction", effect.field, effect.until === "lifted" ? "" : (effect.until ?? -1)];
    case "policy":
      return ["policy", effect.version, ""];
  }
}

function appendResult([status, first = "", second = "", third = ""]: string[]): AppendResult {
  switch (status) {
    case "OK":
      return { status: "accepted", seq: +first, epoch: +second, prev: +third };
    case "DUP":
      return { status: "duplicate", seq: +first, epoch: +second, at: third };
    case "CONFLICT":
      return { status: "conflict" };
    case "UNSEEDED":
      return { status: "unseeded" };
    case "CHECK":
      return { status: "check" };
    case "POLICY":
      return { status: "policy" };
    case "MOVED":
      return { status: "moved" };
    case "REFUSED":
      return { status: "refused", code: first as ErrorCode };
    case "SANCTIONED":
      return {
        status: "sanctioned",
        kind: first === "ban" ? "ban" : "mute",
        untilMs: second === "-1" ? null : +second,
      };
    case "SLOW":
      return { status: "slow", retryAfterMs: +first };
    case "BUSY":
      return { status: "busy", unstored: +first };
    case "PAST":
      return { status: "past", head: +first };
    case undefined:
    default:
      throw new Error(`append.lua answered ${status ?? "nothing"}`);
  }
}

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
  /** Messages up to the position that was asked for; null when only Postgres knows. */
  nAtPosition: number | null;
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
  const [run = "", epoch, head, stored, n, policy, floor, nAt] = reply;
  const entries: HotEntry[] = [];
  for (let i = 8; i < reply.length; i += 3) {
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
    nAtPosition: nAt === "" ? null : Number(nAt),
    entries,
  };
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

/** Puts another fact in an entry's place, at its seq. */
export async function replaceBody(link: RedisLink, room: RoomId, fact: Fact): Promise<void> {
  await link.redis.hset(keys.body(room), String(fact.seq), JSON.stringify(fact));
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

const runStored = loadScript("stored");

/** Notes what is committed, tells the members and trims; see scripts/stored.lua. Only after COMMIT. */
export async function noteStored(
  link: RedisLink,
  note: { room: RoomId; seq: number; keep: number },
): Promise<void> {
  const { room } = note;
  const bucket = bucketOf(room);
  await runStored(
    link.redis,
    [keys.log(room), keys.body(room), keys.meta(room), keys.changes(room), keys.dirty(bucket)],
    [room, keys.feed(room), note.seq, note.keep, MOST_TRIMMED_AT_ONCE],
  );
}

/** Bounds how long one call holds Redis up; the next call goes on. */
const MOST_TRIMMED_AT_ONCE = 5_000;

const runSeed = loadScript("seed");

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
      ...seed.sanctions.flatMap(({ field, until }) => [field, until ?? -1]),
    ],
  );
  if (status === "LATE") return "late";
  return status === "SEEDED" ? "already" : "seeded";
}

/** A draft as the append script takes it: JSON without its opening brace, for the seq to go first. */
export function factRest(draft: Draft): string {
  return JSON.stringify(draft).slice(1);
}

const runPolicy = loadScript("policy");

/** Makes every gateway read a room's rules anew before its next append. */
export async function notePolicy(link: RedisLink, room: RoomId, version: number): Promise<void> {
  await runPolicy(link.redis, [keys.meta(room)], [version]);
}

/**
 * Until when someone is banned from a room (ms, null for good), "none" when they are not, "unknown"
 * when this run of Redis has not loaded the room's sanctions.
 */
export async function readBan(
  link: RedisLink,
  room: RoomId,
  user: UserId,
): Promise<number | null | "none" | "unknown"> {
  const run = link.run();
  const replies = await link.redis
    .pipeline()
    .hget(keys.meta(room), "run")
    .hmget(keys.sanctions(room), "loaded", `ban:${user}`)
    .exec();
  const [meta, sanctions] = replies ?? [];
  const [loaded, until] = (sanctions?.[1] ?? []) as (string | null)[];
  if (meta?.[1] !== run || typeof loaded !== "string") return "unknown";
  if (typeof until !== "string") return "none";
  return until === "-1" ? null : Number(until);
}
