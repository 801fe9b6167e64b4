import { type SettledAppend, appendSeeded } from "../../db/append.ts";
import type { Effect } from "../../db/redis/append-facts.ts";
import { factRest } from "../../db/redis/append-facts.ts";
import { Refusal } from "../../protocol/errors.ts";
import type { Draft } from "../../protocol/facts.ts";
import type { Deps, RoomCall } from "./act.ts";
import { type Decision, isAtLeast, mayCommand } from "./policy.ts";
import { barredBecause } from "./refuse-banned.ts";
import type { RoomRules } from "./room-rules.ts";

const MOST_TRIES = 6;

/** What a person wants in the log. */
export interface Speech {
  draft: Draft;
  idempotency: { key: string; hash: string; bornMs: number } | null;
  /** Which sanctions bar it: bans always, mutes what adds words or faces. */
  guard: "ban" | "mute";
  /** Text that the room's filter sees; null when there is none. */
  text: string | null;
  effects: Effect[];
  /** Asked when the windows in Redis cannot tell: the answer of an earlier send, or null. */
  findEarlier?: () => Promise<Answer | null>;
}

/** Where a fact stands. `duplicate`: it stood there before. */
export interface Answer {
  seq: number;
  epoch: number;
  at: string;
  duplicate: boolean;
}

/**
 * Appends what a person says or does, with the verdict of rules that are not stale. Answers null
 * when the message it changes was changed meanwhile: look again.
 * Errors: `muted`, `banned`, `locked`, `filtered`, `slow_mode`, `conflict`, `busy`, `not_found`, `unavailable`.
 */
export async function appendSpeech(
  deps: Deps,
  call: RoomCall,
  speech: Speech,
): Promise<Answer | null> {
  let { rules, role, decision } = call;
  let checked = false;
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const verdict = verdictOf(rules, decision, speech.text);
    const result = await append(deps, { ...call, rules, role }, speech, verdict, checked);
    if (result.status === "moved") return null;
    if (result.status === "policy") {
      rules = await deps.rules.reload(rules.row.id);
      role = await deps.rules.roleOf(rules, call.caller);
      decision = mayCommand(call.who, roomFacts(rules), role);
    } else if (result.status === "check") {
      const earlier = (await speech.findEarlier?.()) ?? null;
      if (earlier !== null) return earlier;
      checked = true;
    } else {
      return answerOf(deps, call, speech, result, verdict);
    }
  }
  throw new Refusal("unavailable", "The room's rules are changing; try again in a moment.");
}

/** What the rules read of a room. */
export function roomFacts({ row }: RoomRules) {
  return { visibility: row.visibility, locked: row.locked, archived: row.archivedAt !== null };
}

function verdictOf(rules: RoomRules, decision: Decision, text: string | null): Decision {
  if (!decision.allowed || text === null) return decision;
  const rule = rules.filter(text);
  if (rule === null) return decision;
  return {
    allowed: false,
    code: "filtered",
    message: `The room's rule "${rule.name}" refused it.`,
  };
}

function append(
  deps: Deps,
  call: Pick<RoomCall, "caller" | "rules" | "role">,
  speech: Speech,
  verdict: Decision,
  checked: boolean,
): Promise<SettledAppend> {
  const { row } = call.rules;
  const { draft, idempotency } = speech;
  const isMessage = draft.type === "message.sent";
  const exempt = isAtLeast(call.role, "moderator");
  return appendSeeded(deps.stores, {
    room: row.id,
    author: call.caller.user.id,
    at: draft.at,
    rest: factRest(draft),
    idempotency: idempotency === null ? null : { ...idempotency, checked },
    policy: { version: row.policy, verdict: verdict.allowed ? null : verdict.code },
    guard: speech.guard,
    slowModeMs: isMessage && !exempt ? row.slowModeSeconds * 1_000 : 0,
    cap: deps.unstoredCap,
    isMessage,
    target: "target" in draft ? draft.target : null,
    replyTo: isMessage ? (draft.replyTo ?? null) : null,
    effects: speech.effects,
  });
}

async function answerOf(
  deps: Deps,
  call: RoomCall,
  speech: Speech,
  result: Exclude<SettledAppend, { status: "policy" | "check" | "moved" }>,
  verdict: Decision,
): Promise<Answer> {
  switch (result.status) {
    case "accepted":
      deps.hint.nudge();
      deps.onAccepted();
      return { seq: result.seq, epoch: result.epoch, at: speech.draft.at, duplicate: false };
    case "duplicate":
      return { seq: result.seq, epoch: result.epoch, at: result.at, duplicate: true };
    case "conflict":
      throw clash();
    case "refused":
      throw new Refusal(result.code, verdict.allowed ? undefined : verdict.message);
    case "sanctioned":
      throw await barredBecause(deps, call, result);
    case "slow":
      throw new Refusal("slow_mode", "The room is in slow mode: wait before you speak again.", {
        retryAfterMs: result.retryAfterMs,
      });
    case "busy":
      throw new Refusal("busy", `${result.unstored} facts of this room wait to be stored.`, {
        retryAfterMs: 500,
      });
    case "past":
      throw new Refusal("not_found", "The message that this replies to does not exist.");
  }
}

/** The same clientId with something else to say. */
export function clash(): Refusal {
  return new Refusal("conflict", "This clientId was used for another message.");
}
