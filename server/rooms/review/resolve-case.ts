import type { TransactionSql } from "postgres";

import { appendPending } from "../../../db/pending-facts.ts";
import { appendAudit } from "../../../db/postgres/audit.ts";
import { closeCase, type LockedCase } from "../../../db/postgres/cases.ts";
import { type AddressedNotice, addNotices, type NewNotice } from "../../../db/postgres/notices.ts";
import type { ParsedInput } from "../../../protocol/commands.ts";
import { Refusal } from "../../../protocol/errors.ts";
import type { UserId } from "../../../protocol/ids.ts";
import type { CaseAction, CaseKind } from "../../../protocol/reports.ts";
import type { RoomAct } from "../act.ts";
import { planAction } from "./case-actions.ts";
import { lockForReview } from "./claim-case.ts";
import { readCase } from "./queue.ts";
import { tellNotices, tellOfCase } from "./tell.ts";

const fitting: Record<CaseKind, readonly CaseAction[]> = {
  message: ["dismiss", "remove", "sanction"],
  held: ["approve", "refuse", "sanction"],
  join: ["approve", "refuse"],
};

/**
 * Resolves a case. What is done about it, its audit entries, the notes of its facts and what people are
 * told are one transaction: all of it stands, or nothing.
 */
export const resolveCase: RoomAct<"report:resolve"> = async (deps, call, input) => {
  const { stores } = deps;
  const { id, action, note } = input;
  const room = call.rules.row.id;
  const by = { id: call.caller.user.id, name: call.caller.user.name };
  const seen = await readCase(deps, call, id);
  if (!fitting[seen.kind].includes(action)) {
    throw new Refusal(
      "invalid",
      `A case like this one can be resolved with: ${fitting[seen.kind].join(", ")}.`,
    );
  }
  const carryOut = await planAction(deps, call, seen, input);
  const nowMs = deps.now();
  const at = new Date(nowMs).toISOString();
  const notices = await stores.store.sql.begin(async (tx) => {
    const found = await lockForReview(tx, call, { id, nowMs });
    const act = await carryOut(tx, found, nowMs);
    const reporters = await closeCase(tx, { id, by: by.id, at, action, note: note ?? null });
    const deed = { at, actor: by.id, action: `case.${action}`, target: found.author };
    const { seq, rule } = found;
    await appendAudit(tx, room, [
      {
        ...deed,
        act,
        seq: seq ?? undefined,
        rule: rule ?? undefined,
        reason: note,
        after: { case: id, kind: found.kind, reporters: reporters.length },
      },
    ]);
    return addAll(tx, [
      toReporters(found, { action, room, at, reporters }),
      toAuthor(found, { action, room, at, note }),
    ]);
  });
  await appendPending(stores, room);
  deps.hint.nudge();
  tellNotices(deps, notices);
  const { kind, author } = seen;
  await tellOfCase(deps, { room, id, kind, change: "resolved", by: by.id, about: author.id });
  return readCase(deps, call, id);
};

async function addAll(
  tx: TransactionSql,
  notices: readonly (NewNotice | null)[],
): Promise<AddressedNotice[]> {
  const added: AddressedNotice[] = [];
  for (const notice of notices) {
    if (notice !== null) added.push(...(await addNotices(tx, notice)));
  }
  return added;
}

const outcomes = { dismiss: "dismissed", remove: "removed", sanction: "sanctioned" } as const;

function toReporters(
  { kind, seq }: LockedCase,
  on: Pick<NewNotice, "room" | "at"> & { action: CaseAction; reporters: readonly UserId[] },
): NewNotice | null {
  const { action, reporters: users, room, at } = on;
  if (kind !== "message" || action === "approve" || action === "refuse") return null;
  return {
    users,
    kind: "report.resolved",
    room,
    at,
    ...(seq === null ? {} : { seq }),
    outcome: outcomes[action],
  };
}

/** Who said what was held back is told what came of it; who is sanctioned is told by the log. */
function toAuthor(
  { kind, author, clientId }: LockedCase,
  on: Pick<NewNotice, "room" | "at"> & {
    action: ParsedInput<"report:resolve">["action"];
    note: string | undefined;
  },
): NewNotice | null {
  const { action, room, at, note } = on;
  if (kind === "message") return null;
  const about = kind === "held" ? "held" : "join";
  return {
    users: [author],
    kind: action === "approve" ? `${about}.approved` : `${about}.refused`,
    room,
    at,
    ...(clientId === null ? {} : { clientId }),
    ...(note === undefined || action !== "refuse" ? {} : { note }),
  };
}
