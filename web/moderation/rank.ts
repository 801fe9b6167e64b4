import type { Role } from "../../client/index.ts";

/** What someone may do in a room, in ascending order. */
const ranks: readonly Role[] = ["guest", "member", "moderator", "owner"];

/** Whether someone leads a room. */
export function isLeader(role: Role | null): boolean {
  return rankOf(role) >= rankOf("moderator");
}

/** Whether one may act on another: nobody acts on an equal or higher role. The server decides. */
export function mayActOn(mine: Role | null, theirs: Role | null): boolean {
  return isLeader(mine) && rankOf(mine) > rankOf(theirs);
}

/** The roles that one may give: owners any, others those below their own. */
export function rolesToGive(mine: Role | null): readonly Role[] {
  return mine === "owner" ? ranks : ranks.slice(0, Math.max(0, rankOf(mine)));
}

function rankOf(role: Role | null): number {
  return role === null ? -1 : ranks.indexOf(role);
}
