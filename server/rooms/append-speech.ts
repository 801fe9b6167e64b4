import { type SettledAppend, appendSeeded } from "../../db/append.ts";
import type { Effect } from "../../db/redis/append-facts.ts";
import { factRest } from "../../db/redis/append-facts.ts";
import type { FilterVerdict } from "../../filters/compile-filter.ts";
import { Refusal } from "../../protocol/errors.ts";
import type { Draft } from "../../protocol/facts.ts";
import type { Deps, RoomCall } from "./act.ts";
import { decide } from "./decide.ts";
import { judgeSpeech, noteRules, stopSpeech } from "./filter-speech.ts";
import { type Decision, has } from "./policy.ts";
import { judgeInRaid, slowModeAt } from "./raid-mode.ts";
import { barredBecause } from "./refuse-banned.ts";

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
  let { rules, rank, decision } = call;
  let checked = false;
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const now = { ...call, rules, rank, decision };
    const judged = judge(deps, now, speech);
    const result = await append(deps, now, speech, judged.verdict, checked);
    if (result.status === "moved") return null;
    if (result.status === "policy") {
      rules = await deps.rules.reload(rules.row.id);
      rank = await deps.rules.rankOf(rules, call.caller);
      decision = await decide(deps, { caller: call.caller, rules, rank, who: call.who });
    } else if (result.status === "check") {
      const earlier = (await speech.findEarlier?.()) ?? null;
      if (earlier !== null) return earlier;
      checked = true;
    } else {
      return answerOf(deps, now, speech, result, judged);
    }
  }
  throw new Refusal("unavailable", "The room's rules are changing; try again in a moment.");
}

/** The policy's verdict and, where that lets it pass, the filter's. */
interface Judged {
  verdict: Decision;
  filtered: FilterVerdict | null;
}

function judge(deps: Deps, call: RoomCall, { text, draft }: Speech): Judged {
  if (!call.decision.allowed || text === null) return { verdict: call.decision, filtered: null };
  const inRaid = judgeInRaid(call, { text, nowMs: deps.now() });
  if (inRaid !== null) return { verdict: inRaid, filtered: null };
  const filtered = judgeSpeech(deps, call, { text, draft });
  if (filtered.stop === null) return { verdict: call.decision, filtered };
  const message = `The room's rule "${filtered.stop.name}" refused it.`;
  return { verdict: { allowed: false, code: "filtered", message }, filtered };
}

function append(
  deps: Deps,
  call: Pick<RoomCall, "caller" | "rules" | "rank">,
  speech: Speech,
  verdict: Decision,
  checked: boolean,
): Promise<SettledAppend> {
  const { row } = call.rules;
  const { draft, idempotency } = speech;
  const isMessage = draft.type === "message.sent";
  const exempt = has("skipSlowMode", call.rank);
  return appendSeeded(deps.stores, {
    room: row.id,
    author: call.caller.user.id,
    at: draft.at,
    rest: factRest(draft),
    idempotency: idempotency === null ? null : { ...idempotency, checked },
    policy: { version: row.policy, verdict: verdict.allowed ? null : verdict.code },
    guard: speech.guard,
    slowModeMs: isMessage && !exempt ? slowModeAt(row, deps.now()) * 1_000 : 0,
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
  { verdict, filtered }: Judged,
): Promise<Answer> {
  switch (result.status) {
    case "accepted":
      deps.hint.nudge();
      deps.onAccepted();
      if (filtered !== null && speech.text !== null) {
        noteRules(deps, call, filtered, { seq: result.seq, text: speech.text });
      }
      return { seq: result.seq, epoch: result.epoch, at: speech.draft.at, duplicate: false };
    case "duplicate":
      return { seq: result.seq, epoch: result.epoch, at: result.at, duplicate: true };
    case "conflict":
      throw clash();
    case "refused":
      if (filtered?.stop !== null && filtered !== null) {
        noteRules(deps, call, filtered, null);
        throw await stopSpeech(deps, call, filtered.stop, speech.draft);
      }
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
