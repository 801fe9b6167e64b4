import type { Who } from "../../protocol/command.ts";
import type { ErrorCode } from "../../protocol/errors.ts";
import { type Role, roles, type Visibility } from "../../protocol/shapes.ts";

/** What a rule says: yes, or which refusal. */
export type Decision = { allowed: true } | { allowed: false; code: ErrorCode; message: string };

/** What someone is where they act: a role in the room or, above all roles, a platform administrator. */
export const ranks = [...roles, "admin"] as const;
export type Rank = (typeof ranks)[number];

/** What a right takes. */
interface Right {
  /** What it lets people do, as the docs say it. */
  does: string;
  /** The lowest rank that has it; null: everyone, members or not. */
  least: Rank | null;
  /** It is done to someone, who must be of a lower rank than whoever does it. */
  onLower: boolean;
}

/** Who may do what to whom. Everything that a role decides is decided by this table; /docs shows it. */
export const rights = {
  read: { does: "Read a public or unlisted room", least: null, onLower: false },
  readPrivate: { does: "Read a private room", least: "guest", onLower: false },
  speak: { does: "Speak, react and edit their own messages", least: null, onLower: false },
  removeOwn: { does: "Take their own messages back", least: null, onLower: false },
  speakLocked: {
    does: "Speak while only moderators or settled members may; be new, or name links, in raid mode",
    least: "moderator",
    onLower: false,
  },
  speakClosed: { does: "Speak while nobody may", least: "admin", onLower: false },
  skipSlowMode: {
    does: "Speak without the pauses of slow mode",
    least: "moderator",
    onLower: false,
  },
  removeOthers: { does: "Remove messages of others", least: "moderator", onLower: true },
  moveOthers: {
    does: "Move messages of others to another conversation",
    least: "moderator",
    onLower: false,
  },
  sanction: { does: "Mute, kick and ban", least: "moderator", onLower: true },
  moderate: {
    does: "Pin, lift sanctions, set filters, change the room",
    least: "moderator",
    onLower: false,
  },
  report: { does: "Report messages of others", least: null, onLower: false },
  review: {
    does: "Work off the review queue: dismiss, approve, refuse",
    least: "moderator",
    onLower: false,
  },
  reviewOwn: { does: "Decide cases about themselves", least: "admin", onLower: false },
  manageInvites: {
    does: "Invite to a private room, see and take back everyone's invitations",
    least: "moderator",
    onLower: false,
  },
  giveRole: { does: "Give and take roles below their own", least: "moderator", onLower: true },
  giveAnyRole: {
    does: "Give and take any role, as long as an owner stays",
    least: "owner",
    onLower: false,
  },
  own: { does: "Archive the room", least: "owner", onLower: false },
} as const satisfies Record<string, Right>;

export type RightName = keyof typeof rights;

const yes: Decision = { allowed: true };
const no = (code: ErrorCode, message: string): Decision => ({ allowed: false, code, message });

/** Whether a rank has a right, over a target of that rank where the right is done to someone. */
export function has(right: RightName, actor: Rank | null, target: Rank | null = null): boolean {
  const { least, onLower }: Right = rights[right];
  if (least !== null && !isAtLeast(actor, least)) return false;
  return !onLower || rankOf(actor) > rankOf(target);
}

/** As `has`, as a decision that says why not. */
export function may(right: RightName, actor: Rank | null, target: Rank | null = null): Decision {
  if (has(right, actor, target)) return yes;
  const { least }: Right = rights[right];
  return least !== null && !isAtLeast(actor, least)
    ? no("forbidden", `Only a room's ${least}s may do this.`)
    : no("forbidden", "Nobody acts on an equal or higher role.");
}

function isAtLeast(rank: Rank | null, least: Rank): boolean {
  return rankOf(rank) >= rankOf(least);
}

function rankOf(rank: Rank | null): number {
  return rank === null ? -1 : ranks.indexOf(rank);
}

/** What the rules read of a room. */
export interface RoomFacts {
  visibility: Visibility;
  locked: boolean;
  /** Locked even to moderators. */
  closed: boolean;
  archived: boolean;
  /** Why this person may only read for now, since they are new here; null when they are not. */
  newcomer: string | null;
}

/**
 * Whether someone may give a command in a room. A null rank is someone who is not a member: in a
 * public or unlisted room they may read and speak as a newcomer; a private room they may not know of.
 */
export function mayCommand(who: Who, room: RoomFacts, rank: Rank | null): Decision {
  switch (who) {
    case "anyone":
    case "signed-in":
      return yes;
    case "reader":
      return mayRead(room, rank);
    case "speaker":
      return maySpeak(room, rank);
    case "moderator":
      return mayLead(room, rank, "moderate");
    case "owner":
      return mayLead(room, rank, "own");
  }
}

function mayRead(room: RoomFacts, rank: Rank | null): Decision {
  const right = room.visibility === "private" ? "readPrivate" : "read";
  return has(right, rank) ? yes : no("not_found", "There is no such room.");
}

function maySpeak(room: RoomFacts, rank: Rank | null): Decision {
  const read = mayRead(room, rank);
  if (!read.allowed) return read;
  if (room.archived) return no("locked", "The room is archived; its history stays readable.");
  if (room.locked && !has("speakLocked", rank)) {
    return no("locked", "The room is locked: only moderators may speak.");
  }
  if (room.closed && !has("speakClosed", rank)) {
    return no("locked", "The room is locked: nobody may speak.");
  }
  if (room.newcomer !== null && !has("speakLocked", rank)) return no("locked", room.newcomer);
  return may("speak", rank);
}

function mayLead(room: RoomFacts, rank: Rank | null, right: "moderate" | "own"): Decision {
  const read = mayRead(room, rank);
  return read.allowed ? may(right, rank) : read;
}

/** Whether someone may take a message back: its author, or whoever is above the author. */
export function mayRemove(
  actor: { isAuthor: boolean; rank: Rank | null },
  author: Rank | null,
): Decision {
  return actor.isAuthor ? may("removeOwn", actor.rank) : may("removeOthers", actor.rank, author);
}

/** Whether someone may move a message to another conversation: its author, or a moderator. */
export function mayMove(actor: { isAuthor: boolean; rank: Rank | null }): Decision {
  return actor.isAuthor ? yes : may("moveOthers", actor.rank);
}

/** Whether someone may change a message: its author only. */
export function mayEdit(actor: { isAuthor: boolean }): Decision {
  return actor.isAuthor ? yes : no("forbidden", "Only its author may edit a message.");
}

/** Whether someone may decide a case: a moderator, but not about themselves. */
export function mayReview(actor: { isAbout: boolean; rank: Rank | null }): Decision {
  const { isAbout, rank } = actor;
  if (isAbout && !has("reviewOwn", rank)) {
    return no("forbidden", "Nobody decides a case about themselves.");
  }
  return may("review", rank);
}

/** Whether someone may give a role: only below their own and to who is below them, except that owners give any. */
export function mayGiveRole(actor: Rank | null, target: Rank | null, role: Role): Decision {
  if (has("giveAnyRole", actor)) return yes;
  const onTarget = may("giveRole", actor, target);
  return onTarget.allowed ? may("giveRole", actor, role) : onTarget;
}

/** What someone is before a room knows them. */
export function roleOfNewcomer(kind: "guest" | "member" | "bot"): Role {
  return kind === "guest" ? "guest" : "member";
}
