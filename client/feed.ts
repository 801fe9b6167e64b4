import type { CommandInput, CommandOutput } from "../protocol/commands.ts";
import { errorTable, type ErrorReply } from "../protocol/errors.ts";
import type { Fact, Push } from "../protocol/facts.ts";
import type { Cursor, RoomId } from "../protocol/ids.ts";
import { given } from "./given.ts";

/** What `room:enter` answers. */
export type EnterReply = CommandOutput<"room:enter">;
type Batch = Push<"room.events">;

/**
 * How far one client has read one room, and what it is doing about the rest.
 *
 * The invariant: `cursor` is the seq of the last fact that was handed on, and nothing between two
 * facts that were handed on is missing, unless a `skipped` said so. Pushes are hints: a batch is
 * taken only when its `prev` is at or below the cursor; in all other cases the log is asked.
 */
export interface Feed {
  /** `away`: no connection. `entering`: a `room:enter` is under way. `live`: pushes carry on. */
  readonly phase: "away" | "entering" | "live" | "closed";
  readonly cursor: Cursor | null;
  readonly room: RoomId | null;
  /** Number of the newest `room:enter`; answers to older ones are not for us any more. */
  readonly request: number;
  /** Enters in a row that brought nothing on; for the backoff. */
  readonly failures: number;
  /** Batches that came while entering; merged once the reply is there. */
  readonly held: readonly Batch[];
  /** The furthest position that a push told of, but whose facts have not come. */
  readonly heard: Cursor | null;
}

export type FeedInput =
  | { type: "connected" }
  | { type: "disconnected" }
  | { type: "entered"; request: number; reply: EnterReply }
  | { type: "refused"; request: number; error: ErrorReply }
  | { type: "events"; push: Batch }
  | { type: "head"; push: Push<"room.head"> }
  | { type: "reset"; push: Push<"room.reset"> }
  | { type: "closed"; push: Push<"room.closed"> }
  | { type: "graceOver" }
  | { type: "left" };

export type FeedEffect =
  /** Send `room:enter` with this cursor; after a backoff when `failures` is above 0. */
  | { type: "enter"; request: number; since: Cursor | null; failures: number; hintMs?: number }
  /** A page came; `since` is the cursor that it answers. */
  | { type: "entered"; reply: EnterReply; since: Cursor | null }
  /** The first page starts just after this position. */
  | { type: "began"; at: number }
  /** Facts above `to` are void: forget them. */
  | { type: "reset"; to: number }
  /** Facts `from`..`to` were left out; `count` is -1 when the server did not say how many. */
  | { type: "skipped"; from: number; to: number; count: number }
  /** Facts, in order, each exactly once. */
  | { type: "facts"; facts: readonly Fact[]; epoch: number; live: boolean }
  | { type: "live" }
  /** Come back with `graceOver` after a moment: a head was told whose facts may be on their way. */
  | { type: "grace" }
  | { type: "closed"; reason: Push<"room.closed"> | ErrorReply };

/** Facts held while entering. What does not fit is read from the log, as any gap is. */
const MAX_HELD_FACTS = 5_000;

/** A feed that has read up to `since`, or nothing yet. */
export function newFeed(since: Cursor | null = null): Feed {
  return {
    phase: "away",
    cursor: since,
    room: null,
    request: 0,
    failures: 0,
    held: [],
    heard: null,
  };
}

/** The feed after one input, and what is to be done about it. Pure. */
export function stepFeed(feed: Feed, input: FeedInput): { feed: Feed; effects: FeedEffect[] } {
  const effects: FeedEffect[] = [];
  if (feed.phase === "closed") return { feed, effects };
  return { feed: react(feed, input, effects), effects };
}

function react(feed: Feed, input: FeedInput, effects: FeedEffect[]): Feed {
  switch (input.type) {
    case "connected":
      return ask({ ...feed, failures: 0, held: [] }, effects);
    case "disconnected":
      return { ...feed, phase: "away", held: [], heard: null };
    case "entered":
      if (feed.phase !== "entering" || input.request !== feed.request) return feed;
      return takePage(feed, input.reply, effects);
    case "refused":
      if (feed.phase !== "entering" || input.request !== feed.request) return feed;
      return takeRefusal(feed, input.error, effects);
    case "events":
      return takeBatch(feed, input.push, effects);
    case "head":
      return hear(feed, input.push, effects);
    case "reset":
      return hear(feed, { ...input.push, seq: 0 }, effects);
    case "graceOver":
      if (feed.phase !== "live" || !isBehind(feed)) return feed;
      return ask(feed, effects);
    case "closed":
      return close(feed, input.push, effects);
    case "left":
      return { ...feed, phase: "closed", held: [] };
  }
}

/** Asks the log. What was heard so far is older than the answer will be, so it is forgotten. */
function ask(feed: Feed, effects: FeedEffect[], hintMs?: number): Feed {
  const request = feed.request + 1;
  const { cursor: since, failures } = feed;
  effects.push({ type: "enter", request, since, failures, ...given({ hintMs }) });
  return { ...feed, phase: "entering", request, heard: null };
}

function takePage(feed: Feed, reply: EnterReply, effects: FeedEffect[]): Feed {
  const since = feed.cursor;
  effects.push({ type: "entered", reply, since });
  let seq = since === null ? reply.prev : since.seq;
  if (since === null) effects.push({ type: "began", at: seq });
  if (since !== null && reply.resetTo !== undefined && reply.resetTo < seq) {
    seq = reply.resetTo;
    effects.push({ type: "reset", to: seq });
  }
  if (reply.prev > seq) {
    // Never silently: a page that starts later than asked for is a hole, whether the server
    // names it (catchUp "newest") or not (facts that are gone for good).
    const count = reply.skipped?.count ?? -1;
    effects.push({ type: "skipped", from: seq + 1, to: reply.prev, count });
    seq = reply.prev;
  }
  const before = feed.cursor?.seq;
  let next: Feed = { ...feed, room: reply.room.id, cursor: { epoch: reply.epoch, seq } };
  next = handOn(next, reply.events, effects, false);
  next = { ...next, failures: next.cursor?.seq === before ? feed.failures + 1 : 0 };
  if (reply.more) return ask(next, effects);
  return goLive(next, effects);
}

/** Live from here on: the batches that came meanwhile are merged; those that leave a gap ask anew. */
function goLive(entered: Feed, effects: FeedEffect[]): Feed {
  effects.push({ type: "live" });
  const { held, heard } = entered;
  let feed: Feed = { ...entered, phase: "live", held: [] };
  for (const batch of held) {
    if (batch.room === feed.room) feed = takeBatch(feed, batch, effects);
  }
  if (feed.phase !== "live") return feed;
  feed = { ...feed, failures: 0 };
  return heard === null ? feed : hear({ ...feed, heard: null }, heard, effects);
}

function takeBatch(feed: Feed, batch: Batch, effects: FeedEffect[]): Feed {
  if (feed.phase === "entering") return hold(feed, batch);
  const { cursor } = feed;
  if (feed.phase !== "live" || cursor === null || batch.epoch < cursor.epoch) return feed;
  if (batch.epoch > cursor.epoch || batch.prev > cursor.seq) {
    return ask(feed, effects);
  }
  return handOn(feed, batch.events, effects, true);
}

function hold(feed: Feed, batch: Batch): Feed {
  const last = batch.events.at(-1);
  if (last === undefined) return feed;
  const size = feed.held.reduce((sum, { events }) => sum + events.length, batch.events.length);
  if (size > MAX_HELD_FACTS) return note(feed, { epoch: batch.epoch, seq: last.seq });
  return { ...feed, held: [...feed.held, batch] };
}

/** Hands on what lies above the cursor, and moves it: the one place where facts leave the feed. */
function handOn(feed: Feed, events: readonly Fact[], effects: FeedEffect[], live: boolean): Feed {
  if (feed.cursor === null) return feed;
  const { epoch } = feed.cursor;
  let { seq } = feed.cursor;
  const facts: Fact[] = [];
  for (const fact of events) {
    if (fact.seq <= seq) continue;
    facts.push(fact);
    seq = fact.seq;
  }
  if (facts.length === 0) return feed;
  effects.push({ type: "facts", facts, epoch, live });
  return { ...feed, cursor: { epoch, seq } };
}

/** A push tells how far the log goes. A newer epoch is asked about at once, facts after a grace. */
function hear(feed: Feed, position: Cursor, effects: FeedEffect[]): Feed {
  if (feed.phase === "entering") return note(feed, position);
  if (feed.phase !== "live" || feed.cursor === null) return feed;
  if (position.epoch > feed.cursor.epoch) return ask(feed, effects);
  const waiting = isBehind(feed);
  const next = note(feed, position);
  if (!waiting && isBehind(next)) effects.push({ type: "grace" });
  return next;
}

function note(feed: Feed, { epoch, seq }: Cursor): Feed {
  const { heard } = feed;
  const further =
    heard === null || epoch > heard.epoch || (epoch === heard.epoch && seq > heard.seq);
  return further ? { ...feed, heard: { epoch, seq } } : feed;
}

function isBehind({ cursor, heard }: Feed): boolean {
  if (cursor === null || heard === null) return false;
  return heard.epoch === cursor.epoch && heard.seq > cursor.seq;
}

function takeRefusal(feed: Feed, error: ErrorReply, effects: FeedEffect[]): Feed {
  // A token that ran out is the connection's business: it comes back with a newer one.
  if (error.code === "unauthenticated") return { ...feed, phase: "away", held: [] };
  if (!errorTable[error.code].retry) return close(feed, error, effects);
  return ask({ ...feed, failures: feed.failures + 1 }, effects, error.retryAfterMs);
}

function close(feed: Feed, reason: Push<"room.closed"> | ErrorReply, effects: FeedEffect[]): Feed {
  effects.push({ type: "closed", reason });
  return { ...feed, phase: "closed", held: [] };
}

/** The input of the `room:enter` that an effect asks for. */
export function enterInput(
  room: string,
  since: Cursor | null,
  how: Pick<CommandInput<"room:enter">, "catchUp" | "limit" | "lurk">,
): CommandInput<"room:enter"> {
  return { room, ...how, ...(since === null ? {} : { since }) };
}
