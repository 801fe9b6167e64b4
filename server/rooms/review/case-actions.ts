import type { TransactionSql } from "postgres";

import { readMessagesNow } from "../../../db/messages.ts";
import { notePending } from "../../../db/pending-facts.ts";
import type { LockedCase } from "../../../db/postgres/cases.ts";
import { findMember, setRole } from "../../../db/postgres/members.ts";
import { longestInForce } from "../../../db/postgres/sanctions.ts";
import { findUser } from "../../../db/postgres/users.ts";
import { inRanges, type Ranges } from "../../../db/seq-ranges.ts";
import { readStanding } from "../../../db/standing-messages.ts";
import type { ParsedInput } from "../../../protocol/commands.ts";
import { Refusal } from "../../../protocol/errors.ts";
import type { DraftOf } from "../../../protocol/facts.ts";
import { type ClientId, EDDY, type UserId } from "../../../protocol/ids.ts";
import type { Case } from "../../../protocol/reports.ts";
import type { Deps, RoomCall } from "../act.ts";
import { type Found, findTargets, noteCleanUp } from "../clean-up.ts";
import { writeSanction } from "../impose-sanction.ts";
import { may, type RightName, roleOfNewcomer } from "../policy.ts";
import { resolveMentions } from "../send-message.ts";

/** Does what was decided, in the transaction that resolves the case; answers the note of its main fact. */
export type CarryOut = (
  tx: TransactionSql,
  found: LockedCase,
  nowMs: number,
) => Promise<ClientId | undefined>;

/**
 * Looks at all that an action needs to know, so that its transaction holds the case for a moment only.
 * Errors: `forbidden` towards who is of an equal or higher role; `locked` in an archived room.
 */
export async function planAction(
  deps: Deps,
  call: RoomCall,
  seen: Case,
  input: ParsedInput<"report:resolve">,
): Promise<CarryOut> {
  switch (input.action) {
    case "dismiss":
    case "refuse":
      return async () => undefined;
    case "remove":
      await refuseUnless(deps, call, seen.author.id, "removeOthers");
      return planRemoval(deps, call, seen, input.note);
    case "sanction":
      await refuseUnless(deps, call, seen.author.id, "sanction");
      return planSanction(deps, call, seen, input);
    case "approve":
      return seen.kind === "join" ? planJoin(deps, call, seen) : planApproval(deps, call, seen);
  }
}

async function refuseUnless(
  deps: Deps,
  { rank, rules }: RoomCall,
  author: UserId,
  right: RightName,
): Promise<void> {
  const target = (await findMember(deps.stores.store, rules.row.id, author))?.role ?? null;
  const decision = may(right, rank, target);
  if (!decision.allowed) throw new Refusal(decision.code, decision.message);
}

const NOTHING: Found = { count: 0, targets: [] };
const REMOVED = "Removed after a report.";

async function planRemoval(
  deps: Deps,
  { rules, caller }: RoomCall,
  { seq }: Case,
  note: string | undefined,
): Promise<CarryOut> {
  const room = rules.row.id;
  const found = await standing(deps, room, seq);
  const by = { id: caller.user.id, name: caller.user.name };
  return async (tx, _found, nowMs) => {
    // It may be gone already; the reporters are told all the same.
    if (found.count === 0) return undefined;
    const what = { reason: note ?? REMOVED, from: seq, to: seq };
    return (await noteCleanUp(tx, { room, by, nowMs, what, found })).act;
  };
}

/** The message of a case as a clean-up of one. */
async function standing(
  { stores }: Deps,
  room: RoomCall["rules"]["row"]["id"],
  seq: number | undefined,
): Promise<Found> {
  const targets: Ranges = seq === undefined ? [] : [[seq, seq]];
  const messages =
    seq === undefined ? [] : await readStanding(stores, { room, ranges: targets }, 1);
  return { count: messages.length, targets };
}

async function planSanction(
  deps: Deps,
  call: RoomCall,
  { author, seq }: Case,
  { sanction, note, removeMessage }: ParsedInput<"report:resolve">,
): Promise<CarryOut> {
  const room = call.rules.row.id;
  const by = { id: call.caller.user.id, name: call.caller.user.name };
  if (sanction === undefined) throw new Refusal("invalid", "Name a sanction.");
  const { kind, seconds, removeMessages } = sanction;
  const reason = sanction.reason ?? note ?? REMOVED;
  const since =
    removeMessages === undefined
      ? undefined
      : new Date(deps.now() - removeMessages * 60_000).toISOString();
  const alone = removeMessage ? await standing(deps, room, seq) : NOTHING;
  const found =
    since === undefined
      ? alone
      : joined(alone, await findTargets(deps, call, { author: author.id, since, reason }));
  return async (tx, _found, nowMs) => {
    await writeSanction(tx, room, { user: author.id, kind, seconds, reason, by }, nowMs);
    if (found.count === 0) return undefined;
    const what = { reason, author: author.id, since };
    return (await noteCleanUp(tx, { room, by, nowMs, what, found })).act;
  };
}

/** A message, and those of a clean-up, which may hold it already. */
function joined(
  alone: Found,
  { messages, targets }: { messages: readonly unknown[]; targets: Ranges },
): Found {
  const isIn = inRanges(targets);
  const more = alone.count === 0 ? [] : alone.targets.filter(([seq]) => !isIn(seq));
  return {
    count: messages.length + more.length,
    targets: [...targets, ...more].toSorted(([a], [b]) => a - b),
  };
}

async function planApproval(deps: Deps, call: RoomCall, seen: Case): Promise<CarryOut> {
  const { row } = call.rules;
  if (row.archivedAt !== null) {
    throw new Refusal("locked", "The room is archived; its history stays readable.");
  }
  const mentions = await resolveMentions(deps, seen.texts[0]?.text ?? "");
  return async (tx, { author, clientId, held }, nowMs) => {
    if (clientId === null || held === null) return undefined;
    for (const kind of ["ban", "mute"] as const) {
      const until = await longestInForce(tx, { room: row.id, user: author, kind });
      if (until === "none") continue;
      throw new Refusal("conflict", "Its author may not speak now: lift that first, or refuse it.");
    }
    const { text } = held;
    const replyTo = await ifThere(deps, row.id, held.replyTo);
    const draft: DraftOf<"message.sent"> = {
      type: "message.sent",
      at: new Date(nowMs).toISOString(),
      by: { id: author, name: seen.author.name },
      clientId,
      text,
      ...(replyTo === undefined ? {} : { replyTo }),
      mentions,
    };
    return notePending(tx, { room: row.id, author, draft, effects: [] });
  };
}

async function planJoin(deps: Deps, { rules, caller }: RoomCall, seen: Case): Promise<CarryOut> {
  const room = rules.row.id;
  const user = seen.author.id;
  const person = await findUser(deps.stores.store, user);
  const role = roleOfNewcomer(person?.kind ?? "guest");
  const by = { id: caller.user.id, name: caller.user.name };
  return async (tx, _found, nowMs) => {
    if ((await longestInForce(tx, { room, user, kind: "ban" })) !== "none") {
      throw new Refusal("conflict", "They are banned: lift that first, or refuse.");
    }
    // They may have come by an invitation meanwhile, and be more than a newcomer by now.
    const [member] = await tx`SELECT 1 FROM members WHERE room_id = ${room} AND user_id = ${user}`;
    if (member !== undefined) return undefined;
    const version = await setRole(tx, { room, user, role });
    const at = new Date(nowMs).toISOString();
    const draft: DraftOf<"member.role"> = { type: "member.role", at, by, user, role };
    return notePending(tx, { room, author: by.id, draft, effects: [{ kind: "policy", version }] });
  };
}

/** What a held message replies to, if it is there: nobody has looked so far. */
async function ifThere(
  { stores }: Deps,
  room: RoomCall["rules"]["row"]["id"],
  seq: number | undefined,
): Promise<number | undefined> {
  if (seq === undefined) return undefined;
  const found = await readMessagesNow(stores, {
    room,
    viewer: EDDY,
    after: seq - 1,
    before: seq + 1,
    limit: 1,
    newestFirst: false,
  });
  return found.messages.length > 0 ? seq : undefined;
}
