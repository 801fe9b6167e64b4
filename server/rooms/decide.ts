import type { RoomRow } from "../../db/postgres/rooms.ts";
import type { Who } from "../../protocol/command.ts";
import type { Raid } from "../../protocol/shapes.ts";
import type { Caller, Deps } from "./act.ts";
import { type Decision, mayCommand, type Rank } from "./policy.ts";
import type { RoomRules } from "./room-rules.ts";

/** What the policy says to someone who gives a command in a room, by the rules at hand and the time. */
export async function decide(
  deps: Pick<Deps, "rules" | "now">,
  on: { caller: Caller; rules: RoomRules; rank: Rank | null; who: Who },
): Promise<Decision> {
  const { rules, rank, who } = on;
  const { row } = rules;
  const facts = {
    visibility: row.visibility,
    locked: row.locked,
    closed: row.speakers === "nobody",
    archived: row.archivedAt !== null,
    newcomer: who === "speaker" ? await whyOnlyRead(deps, on) : null,
  };
  return mayCommand(who, facts, rank);
}

/**
 * The raid mode that is in force. It ends by the clock of whoever asks, so it needs nobody to end it: not a
 * worker, nor a fact, nor Redis.
 */
export function raidAt({ raid }: Pick<RoomRow, "raid">, nowMs: number): Raid | null {
  return raid !== null && nowMs < Date.parse(raid.until) ? raid : null;
}

async function whyOnlyRead(
  deps: Pick<Deps, "rules" | "now">,
  { caller, rules }: { caller: Caller; rules: RoomRules },
): Promise<string | null> {
  const { row } = rules;
  const nowMs = deps.now();
  const raid = raidAt(row, nowMs);
  const mustSettle = row.speakers === "settled";
  if (raid === null && !mustSettle) return null;
  const joinedAt = (await deps.rules.joinedAtOf(rules, caller.user.id)) ?? Infinity;
  if (raid !== null && joinedAt > Date.parse(raid.newSince)) {
    return `The room is in raid mode until ${raid.until}: who is new here may only read.`;
  }
  if (mustSettle && joinedAt + row.settledSeconds * 1_000 > nowMs) {
    return `Here one speaks ${row.settledSeconds} seconds after one has come.`;
  }
  return null;
}
