import type { RoomRow } from "../../db/postgres/rooms.ts";
import { compileFilter } from "../../filters/compile-filter.ts";
import type { RoomCall } from "./act.ts";
import { raidAt } from "./decide.ts";
import { type Decision, has } from "./policy.ts";

const noLinks = compileFilter([{ name: "Raid mode", links: {} }]);

/** What raid mode makes of a text; null where it has nothing against it. */
export function judgeInRaid(
  { rules, rank }: Pick<RoomCall, "rules" | "rank">,
  { text, nowMs }: { text: string; nowMs: number },
): Decision | null {
  const raid = raidAt(rules.row, nowMs);
  if (raid === null || has("speakLocked", rank)) return null;
  if (noLinks({ text, role: "guest", saidBefore: () => 0 }).stop === null) return null;
  const message = `The room is in raid mode until ${raid.until}: no links.`;
  return { allowed: false, code: "filtered", message };
}

/** The slow mode that is in force: the room's own, or raid mode's where that is slower. */
export function slowModeAt(row: Pick<RoomRow, "raid" | "slowModeSeconds">, nowMs: number): number {
  return Math.max(row.slowModeSeconds, raidAt(row, nowMs)?.slowModeSeconds ?? 0);
}
