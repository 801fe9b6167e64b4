import type { Who } from "../../protocol/command.ts";
import type { ErrorCode } from "../../protocol/errors.ts";
import { type Role, roles, type Visibility } from "../../protocol/shapes.ts";

/** What a rule says: yes, or which refusal. */
export type Decision = { allowed: true } | { allowed: false; code: ErrorCode; message: string };

/** What the rules read of a room. */
export interface RoomFacts {
  visibility: Visibility;
  locked: boolean;
  archived: boolean;
}

const yes: Decision = { allowed: true };
const no = (code: ErrorCode, message: string): Decision => ({ allowed: false, code, message });

/**
 * Whether someone may give a command in a room. A null role is someone who is not a member: in a
 * public or unlisted room they may read and speak as a newcomer; a private room they may not know of.
 */
export function mayCommand(who: Who, room: RoomFacts, role: Role | null): Decision {
  switch (who) {
    case "anyone":
    case "signed-in":
      return yes;
    case "reader":
      return mayRead(room, role);
    case "speaker":
      return maySpeak(room, role);
    case "moderator":
      return mayLead(room, role, "moderator");
    case "owner":
      return mayLead(room, role, "owner");
  }
}

function mayRead(room: RoomFacts, role: Role | null): Decision {
  if (room.visibility === "private" && role === null)
    return no("not_found", "There is no such room.");
  return yes;
}

function maySpeak(room: RoomFacts, role: Role | null): Decision {
  const read = mayRead(room, role);
  if (!read.allowed) return read;
  if (room.archived) return no("locked", "The room is archived; its history stays readable.");
  if (room.locked && !isAtLeast(role, "moderator")) {
    return no("locked", "The room is locked: only moderators may speak.");
  }
  return yes;
}

function mayLead(room: RoomFacts, role: Role | null, least: Role): Decision {
  const read = mayRead(room, role);
  if (!read.allowed) return read;
  return isAtLeast(role, least) ? yes : no("forbidden", `Only a room's ${least}s may do this.`);
}

/** Whether a role is as high as another. */
export function isAtLeast(role: Role | null, least: Role): boolean {
  return role !== null && roles.indexOf(role) >= roles.indexOf(least);
}

/** Whether someone may take a message back: its author, or a moderator. */
export function mayRemove(actor: { isAuthor: boolean; role: Role | null }): Decision {
  return actor.isAuthor || isAtLeast(actor.role, "moderator")
    ? yes
    : no("forbidden", "Only its author or a moderator may remove a message.");
}

/** Whether someone may change a message: its author only. */
export function mayEdit(actor: { isAuthor: boolean }): Decision {
  return actor.isAuthor ? yes : no("forbidden", "Only its author may edit a message.");
}

/** Whether someone may sanction another: nobody acts on an equal or higher role. */
export function mayActOn(actor: Role | null, target: Role | null): Decision {
  return rankOf(actor) > rankOf(target)
    ? yes
    : no("forbidden", "Nobody acts on an equal or higher role.");
}

function rankOf(role: Role | null): number {
  return role === null ? -1 : roles.indexOf(role);
}

/** Whether someone may give a role: only below their own, except that owners make owners. */
export function mayGiveRole(actor: Role | null, target: Role | null, role: Role): Decision {
  if (actor === "owner") return yes;
  const onTarget = mayActOn(actor, target);
  if (!onTarget.allowed) return onTarget;
  return mayActOn(actor, role);
}

/** What someone is before a room knows them. */
export function roleOfNewcomer(kind: "guest" | "member" | "bot"): Role {
  return kind === "guest" ? "guest" : "member";
}
