import type { TransactionSql } from "postgres";

import { appendPending, notePending } from "../../db/pending-facts.ts";
import { appendAudit } from "../../db/postgres/audit.ts";
import { findSend } from "../../db/postgres/facts.ts";
import { findRoles } from "../../db/postgres/members.ts";
import {
  insertRemoval,
  listKeptTexts,
  listRemovals,
  lockRemoval,
  markUndone,
  noteRemovalSeq,
  type StandingMessage,
} from "../../db/postgres/removals.ts";
import type { Ranges } from "../../db/seq-ranges.ts";
import { readStanding } from "../../db/standing-messages.ts";
import { compileFilter, findProblems } from "../../filters/compile-filter.ts";
import type { ParsedInput } from "../../protocol/commands.ts";
import { Refusal } from "../../protocol/errors.ts";
import type { ClientId, RoomId, UserId } from "../../protocol/ids.ts";
import { MAX_REMOVED_AT_ONCE, MAX_SEARCHED_AT_ONCE, UNDO_DAYS } from "../../protocol/limits.ts";
import { type Author, FilterRule } from "../../protocol/shapes.ts";
import type { Deps, RoomAct, RoomCall } from "./act.ts";
import { decodeCursor, notOurs, pageOf } from "./paging.ts";
import { has, may } from "./policy.ts";

const SAMPLE = 5;
const DAY_MS = 86_400_000;

/** Which messages a clean-up is about. */
export type CleanUp = Pick<
  ParsedInput<"removal:create">,
  "author" | "from" | "to" | "pattern" | "since" | "reason"
>;

/** Counts the messages of a clean-up, or removes them, all in one fact. */
export const cleanUp: RoomAct<"removal:create"> = async (deps, call, input) => {
  const { messages, targets } = await findTargets(deps, call, input);
  const count = messages.length;
  if (input.preview) {
    const sample = messages.slice(-SAMPLE).map(({ seq, by, text }) => ({ seq, by, text }));
    return { count, sample };
  }
  if (count === 0) throw new Refusal("not_found", "No message fits; there is nothing to remove.");
  return removeFound(deps, call, input, { count, targets });
};

/** Removes all that someone said since a time; null when that is nothing. */
export async function removeAllOf(
  deps: Deps,
  call: RoomCall,
  what: { author: UserId; since: string; reason: string },
): Promise<{ seq: number; count: number } | null> {
  const { messages, targets } = await findTargets(deps, call, what);
  if (messages.length === 0) return null;
  return removeFound(deps, call, what, { count: messages.length, targets });
}

/** The messages of a clean-up that stand, and their ranges. Errors: `too_large`, and `forbidden` for who is above. */
export async function findTargets(deps: Deps, call: RoomCall, what: CleanUp) {
  const room = call.rules.row.id;
  const { author, from = 1, to = Number.MAX_SAFE_INTEGER, since } = what;
  const fits = matcherOf(what.pattern);
  const scope = { room, ranges: [[from, to]] satisfies Ranges, author, since };
  const standing = await readStanding(deps.stores, scope, MAX_SEARCHED_AT_ONCE);
  const above = await authorsAbove(deps, call, standing);
  if (author !== undefined && above.has(author)) {
    const decision = may("removeOthers", call.rank, call.rank);
    if (!decision.allowed) throw new Refusal(decision.code, decision.message);
  }
  const chosen = standing.map(({ by, text }) => !above.has(by) && fits(text));
  const messages = standing.filter((_, i) => chosen[i]);
  if (messages.length > MAX_REMOVED_AT_ONCE) {
    throw new Refusal(
      "too_large",
      `These are more than ${MAX_REMOVED_AT_ONCE} messages: remove them in parts.`,
    );
  }
  return { messages, targets: runsOf(standing, chosen) };
}

/** Those who said something and are not of a lower role than the caller. */
async function authorsAbove(
  deps: Deps,
  { caller, rank, rules }: RoomCall,
  standing: readonly StandingMessage[],
): Promise<Set<UserId>> {
  const room = rules.row.id;
  const users = [...new Set(standing.map(({ by }) => by))].filter((by) => by !== caller.user.id);
  const roles = await findRoles(
    deps.stores.store,
    users.map((user) => ({ room, user })),
  );
  return new Set(users.filter((_, i) => !has("removeOthers", rank, roles[i] ?? null)));
}

/** A pattern is a phrase as in the room's filter: whole words in any disguise, `*` for any letters. */
function matcherOf(pattern: string | undefined): (text: string) => boolean {
  if (pattern === undefined) return () => true;
  const rules = [FilterRule.parse({ name: "pattern", phrase: pattern })];
  const [problem] = findProblems(rules);
  if (problem !== undefined) {
    throw new Refusal("invalid", "The pattern cannot be used.", {
      issues: [{ path: "pattern", message: problem.message }],
    });
  }
  const judge = compileFilter(rules);
  return (text) => judge({ text, role: "guest", saidBefore: () => 0 }).stop !== null;
}

/** The ranges of the chosen ones; one that stands and is not chosen ends a range. */
function runsOf(standing: readonly StandingMessage[], chosen: readonly boolean[]): Ranges {
  const runs: Ranges = [];
  for (const [i, { seq }] of standing.entries()) {
    if (chosen[i] !== true) continue;
    const run = i > 0 && chosen[i - 1] === true ? runs.at(-1) : undefined;
    if (run === undefined) runs.push([seq, seq]);
    else run[1] = seq;
  }
  return runs;
}

async function removeFound(deps: Deps, { caller, rules }: RoomCall, what: CleanUp, found: Found) {
  const { stores } = deps;
  const room = rules.row.id;
  const by = { id: caller.user.id, name: caller.user.name };
  const nowMs = deps.now();
  const noted = await stores.store.sql.begin((tx) =>
    noteCleanUp(tx, { room, by, nowMs, what, found }),
  );
  const seq = await appendNow(deps, { room, author: by.id, clientId: noted.act });
  await noteRemovalSeq(stores.store.sql, noted.act, seq);
  return { seq, count: found.count, undoUntil: noted.eraseAt };
}

/** How many messages a clean-up is about, and where they stand. */
export interface Found {
  count: number;
  targets: Ranges;
}

/** Writes a clean-up, its audit entry and the note of its fact, in the caller's transaction. */
export async function noteCleanUp(
  tx: TransactionSql,
  todo: { room: RoomId; by: Author; nowMs: number; what: CleanUp; found: Found },
): Promise<{ act: ClientId; eraseAt: string }> {
  const { room, by, nowMs, found } = todo;
  const { reason, author, from, to, pattern, since } = todo.what;
  const { count, targets } = found;
  const at = new Date(nowMs).toISOString();
  const eraseAt = new Date(nowMs + UNDO_DAYS * DAY_MS).toISOString();
  const ofAuthor = author === undefined ? {} : { author };
  const act = await notePending(tx, {
    room,
    author: by.id,
    draft: { type: "messages.removed", at, by, targets, ...ofAuthor, reason },
    effects: [],
  });
  await insertRemoval(tx, { id: act, room, by, author, reason, at, count, targets, eraseAt });
  const deed = { at, actor: by.id, action: "messages.removed", target: author, act, reason };
  await appendAudit(tx, room, [{ ...deed, after: { count, from, to, pattern, since } }]);
  return { act, eraseAt };
}

/** Undoes a clean-up: what it removed is back, exactly; what others removed stays removed. */
export const undoCleanUp: RoomAct<"removal:undo"> = async (deps, call, { seq, reason }) => {
  const { stores } = deps;
  const room = call.rules.row.id;
  const by = { id: call.caller.user.id, name: call.caller.user.name };
  const at = new Date(deps.now()).toISOString();
  const why = reason === undefined ? {} : { reason };
  const act = await stores.store.sql.begin(async (tx) => {
    const removal = await lockRemoval(tx, room, seq);
    if (removal === null) throw new Refusal("not_found", "There is no clean-up at this seq.");
    if (removal.undone) throw new Refusal("conflict", "This clean-up is undone already.");
    if (removal.erased) throw new Refusal("conflict", "What was removed is erased by now.");
    await markUndone(tx, { room, seq, by: by.id, at });
    const { targets } = removal;
    const id = await notePending(tx, {
      room,
      author: by.id,
      draft: { type: "messages.restored", at, by, targets, removal: seq, ...why },
      effects: [],
    });
    const deed = { at, actor: by.id, action: "messages.restored", act: id, ...why };
    await appendAudit(tx, room, [{ ...deed, after: { removal: seq } }]);
    return id;
  });
  return { seq: await appendNow(deps, { room, author: by.id, clientId: act }) };
};

/** Appends what is noted, and answers where the act's own fact stands. */
async function appendNow(
  deps: Deps,
  what: { room: RoomId; author: UserId; clientId: ClientId },
): Promise<number> {
  const { room, clientId: act } = what;
  const seqs = await appendPending(deps.stores, room);
  deps.hint.nudge();
  // Someone else appended it, and it is stored already.
  const seq = seqs.get(act) ?? (await findSend(deps.stores.store.sql, what))?.seq;
  if (seq === undefined) throw new Refusal("unavailable", "It is on its way into the log.");
  return seq;
}

/** Clean-ups of a room, the newest first. */
export const showCleanUps: RoomAct<"removal:list"> = async (deps, call, { cursor, limit }) => {
  const removals = await listRemovals(deps.stores.store.sql, {
    room: call.rules.row.id,
    before: seqOf(cursor) ?? Number.MAX_SAFE_INTEGER,
    limit: limit + 1,
  });
  return pageOf(removals, limit, ({ seq }) => [seq]);
};

/** What a clean-up removed, as long as it is kept. */
export const showRemoved: RoomAct<"removal:texts"> = async (deps, call, { seq, cursor, limit }) => {
  const texts = await listKeptTexts(deps.stores.store.sql, {
    room: call.rules.row.id,
    removal: seq,
    after: seqOf(cursor) ?? 0,
    limit: limit + 1,
  });
  return pageOf(texts, limit, (last) => [last.seq]);
};

function seqOf(cursor: string | undefined): number | null {
  const values = decodeCursor(cursor);
  if (values === null) return null;
  const [seq] = values;
  if (typeof seq !== "number") throw notOurs();
  return seq;
}
