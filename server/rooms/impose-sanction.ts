import type { TransactionSql } from "postgres";
import { v7 as uuidv7 } from "uuid";

import { appendPending, notePending } from "../../db/pending-facts.ts";
import { appendAudit } from "../../db/postgres/audit.ts";
import { insertSanction, lockSanctions, longestInForce } from "../../db/postgres/sanctions.ts";
import type { Effect } from "../../db/redis/append-facts.ts";
import { sanctionField } from "../../db/seed-room.ts";
import type { Draft } from "../../protocol/facts.ts";
import { type RoomId, SanctionId } from "../../protocol/ids.ts";
import type { Author, Sanction, SanctionKind } from "../../protocol/shapes.ts";
import type { Deps } from "./act.ts";

/** A sanction that may be imposed: whoever decided so has looked at the roles. */
export interface Imposed {
  user: Sanction["user"];
  kind: SanctionKind;
  /** For good when it is left out. */
  seconds?: number | undefined;
  reason: string;
  by: Author;
  /** The filter's rule that asks for it. */
  rule?: string;
}

/**
 * Mutes, kicks or bans someone. It is in Postgres before it is answered, and in force from the seq
 * of its fact on: the append script sets it in the step that appends the fact (G8).
 */
export async function imposeSanction(
  deps: Deps,
  room: RoomId,
  imposed: Imposed,
): Promise<Sanction> {
  const { stores } = deps;
  const nowMs = deps.now();
  const sanction = await stores.store.sql.begin((tx) => writeSanction(tx, room, imposed, nowMs));
  await appendPending(stores, room);
  deps.hint.nudge();
  return sanction;
}

/** Writes a sanction, its audit entry and the note of its fact, in the caller's transaction. */
export async function writeSanction(
  tx: TransactionSql,
  room: RoomId,
  { user, kind, seconds, reason, by, rule }: Imposed,
  nowMs: number,
): Promise<Sanction> {
  const at = new Date(nowMs).toISOString();
  const until =
    seconds === undefined || kind === "kick"
      ? undefined
      : new Date(nowMs + seconds * 1_000).toISOString();
  const sanction: Sanction = {
    id: SanctionId.parse(uuidv7()),
    user,
    kind,
    reason,
    by: by.id,
    at,
    ...(until === undefined ? {} : { until }),
  };
  await lockSanctions(tx, { room, user });
  await insertSanction(tx, room, sanction);
  const effects = kind === "kick" ? [] : [await enforced(tx, room, user, kind)];
  // No more of them than a fact says of anyone.
  const draft = factOf(sanction, { id: by.id, name: by.name });
  const act = await notePending(tx, { room, author: by.id, draft, effects });
  const deed = { at, actor: by.id, action: draft.type, target: user, act, reason, rule };
  await appendAudit(tx, room, [{ ...deed, after: { kind, until: until ?? null } }]);
  return sanction;
}

function factOf(sanction: Sanction, by: Author): Draft {
  const { user, reason, at } = sanction;
  const until = sanction.until ?? null;
  switch (sanction.kind) {
    case "mute":
      return { type: "member.muted", at, by, user, reason, until };
    case "ban":
      return { type: "member.banned", at, by, user, reason, until };
    case "kick":
      return { type: "member.kicked", at, by, user, reason };
  }
}

/** What the append script enforces after this: the longest of the sanctions in force, or none. */
export async function enforced(
  tx: TransactionSql,
  room: RoomId,
  user: Sanction["user"],
  kind: Exclude<SanctionKind, "kick">,
): Promise<Effect> {
  const until = await longestInForce(tx, { room, user, kind });
  return {
    kind: "sanction",
    field: sanctionField(kind, user),
    until: until === "none" ? "lifted" : until,
  };
}
