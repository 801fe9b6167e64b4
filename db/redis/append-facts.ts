import type { ErrorCode } from "../../protocol/errors.ts";
import type { Draft } from "../../protocol/facts.ts";
import type { RoomId, UserId } from "../../protocol/ids.ts";
import type { RedisLink } from "./connection.ts";
import { bucketOf, keys, luaRoomKeys, tagOf } from "./keys.ts";
import type { ChangedState } from "./room-log.ts";
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
  /** Seq that it changes, or "many": then its effects say which. */
  target: number | "many" | null;
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
  | { status: "sanctioned"; kind: "ban" | "mute" | "platform"; untilMs: number | null }
  | { status: "slow"; retryAfterMs: number }
  | { status: "busy"; unstored: number }
  | { status: "past"; head: number };

/** A draft as the append script takes it: JSON without its opening brace, for the seq to go first. */
export function factRest(draft: Draft): string {
  return JSON.stringify(draft).slice(1);
}

const runAppend = loadScript("append", luaRoomKeys);

/**
 * Appends facts in one call; see scripts/append.lua for what holds. Those of a room stand together, in
 * order; the answers have the order of the requests. An error among them is that fact's own.
 * Errors: those of Redis: then the outcome of all is unknown.
 */
export async function appendFacts(
  link: RedisLink,
  requests: readonly AppendRequest[],
): Promise<(AppendResult | Error)[]> {
  const args: (string | number)[] = [link.run()];
  let room: RoomId | null = null;
  let countAt = 0;
  let count = 0;
  for (const request of requests) {
    if (request.room !== room) {
      ({ room } = request);
      countAt = args.push(tagOf(room), room, 0) - 1;
      count = 0;
    }
    count += 1;
    args[countAt] = count;
    args.push(headOf(request), request.rest);
    for (const effect of request.effects) args.push(...effectArgs(effect));
  }
  const [first] = requests;
  if (first === undefined) return [];
  const replies = await runAppend(link.redis, [keys.dirty(bucketOf(first.room))], args);
  return replies.map(appendResult);
}

/** The fields of a request, in the order in which append.lua takes them apart. None holds a space. */
function headOf(request: AppendRequest): string {
  const { idempotency: send, policy, guard } = request;
  return [
    request.effects.length,
    send?.key ?? "",
    send?.hash ?? "",
    send?.bornMs ?? 0,
    send?.checked === true ? "1" : "0",
    policy?.verdict ?? "",
    policy?.version ?? "",
    guard === "none" ? "" : guard,
    request.author,
    request.slowModeMs,
    request.cap,
    request.isMessage ? "1" : "0",
    request.target === "many" ? "*" : (request.target ?? ""),
    request.replyTo ?? "",
    request.at,
  ].join(" ");
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

function appendResult(reply: string): AppendResult | Error {
  const [status = "", first = "", second = "", third = ""] = reply.split(" ");
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
        kind: first === "platform" ? "platform" : first === "ban" ? "ban" : "mute",
        untilMs: second === "-1" ? null : +second,
      };
    case "SLOW":
      return { status: "slow", retryAfterMs: +first };
    case "BUSY":
      return { status: "busy", unstored: +first };
    case "PAST":
      return { status: "past", head: +first };
    case "ERR":
      return new Error(reply.slice("ERR ".length));
    default:
      return new Error(`append.lua answered ${reply}`);
  }
}
