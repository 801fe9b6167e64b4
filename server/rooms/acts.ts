import type { ZodType } from "zod";

import { type CommandName, commands, type ParsedInput } from "../../protocol/commands.ts";
import type { PlainAct, RoomAct } from "./act.ts";
import { beginImport, getImport, runImport } from "./bring-history.ts";
import {
  addReaction,
  editMessage,
  moveMessage,
  pinMessage,
  removeMessage,
  removeReaction,
  unpinMessage,
} from "./change-message.ts";
import { cleanUp, showCleanUps, showRemoved, undoCleanUp } from "./clean-up.ts";
import { showRooms, showTags, showWeather } from "./directory.ts";
import { dropIn } from "./drop-in.ts";
import { beginDryRun, getDryRun } from "./dry-run-filter.ts";
import { getFilters, setFilters } from "./manage-filters.ts";
import { giveRole, leaveForGood, showMembers } from "./manage-members.ts";
import { archiveRoom, beginRaid, endRaid, getRoom, openRoom, updateRoom } from "./manage-room.ts";
import {
  endWebhook,
  openWebhook,
  resumeWebhook,
  sendAgain,
  showDeliveries,
  showWebhooks,
} from "./manage-webhooks.ts";
import { peopleActs } from "./people/acts.ts";
import { eraseMe, eraseSomeone, showErasure } from "./people/erase.ts";
import { banFromPlatform, endPlatformBan, showPlatformBans } from "./platform-bans.ts";
import { showAudit } from "./read-audit.ts";
import { getMessage, listMessages, readHistory } from "./read-history.ts";
import { markRead, markUnread, showUnread } from "./read-marker.ts";
import { readMissed } from "./read-missed.ts";
import { reviewActs } from "./review/acts.ts";
import { liftSanction, sanctionMember, showSanctions } from "./sanction-member.ts";
import { search } from "./search-messages.ts";
import { sendMessage } from "./send-message.ts";

/** Commands about the caller's connection: the feed and the sockets carry them out. */
export type ConnectionCommand = "room:enter" | "room:leave" | "typing:start" | "session:renew";
/** Commands that need no connection. */
export type ActName = Exclude<CommandName, ConnectionCommand>;
/** Commands that name a room. */
export type RoomCommand = {
  [N in CommandName]: ParsedInput<N> extends { room: string } ? N : never;
}[CommandName];

type ActTable = {
  [N in ActName]: N extends RoomCommand ? RoomAct<N> : PlainAct<N>;
};

/** What each command does. A command without its act does not compile. */
export const acts: ActTable = {
  "guest:create": dropIn,
  ...peopleActs,
  "platform-ban:create": banFromPlatform,
  "platform-ban:list": showPlatformBans,
  "platform-ban:lift": endPlatformBan,
  "me:erase": eraseMe,
  "user:erase": eraseSomeone,
  "erasure:get": showErasure,
  "room:create": openRoom,
  "room:list": showRooms,
  "room:weather": showWeather,
  "tag:list": showTags,
  "room:get": getRoom,
  "room:update": updateRoom,
  "room:archive": archiveRoom,
  "raid:begin": beginRaid,
  "raid:end": endRaid,
  "room:history": readHistory,
  "room:read": markRead,
  "room:unread": markUnread,
  "unread:list": showUnread,
  "room:missed": readMissed,
  "message:send": sendMessage,
  "message:edit": editMessage,
  "message:remove": removeMessage,
  "reaction:add": addReaction,
  "reaction:remove": removeReaction,
  "message:pin": pinMessage,
  "message:unpin": unpinMessage,
  "message:move": moveMessage,
  "message:list": listMessages,
  "message:get": getMessage,
  "message:search": search,
  "member:list": showMembers,
  "member:set-role": giveRole,
  "member:leave": leaveForGood,
  "removal:create": cleanUp,
  "removal:list": showCleanUps,
  "removal:texts": showRemoved,
  "removal:undo": undoCleanUp,
  ...reviewActs,
  "sanction:create": sanctionMember,
  "sanction:list": showSanctions,
  "sanction:lift": liftSanction,
  "filter:get": getFilters,
  "filter:set": setFilters,
  "dry-run:create": beginDryRun,
  "dry-run:get": getDryRun,
  "audit:list": showAudit,
  "webhook:create": openWebhook,
  "webhook:list": showWebhooks,
  "webhook:remove": endWebhook,
  "webhook:switch-on": resumeWebhook,
  "webhook:deliveries": showDeliveries,
  "webhook:replay": sendAgain,
  "import:create": beginImport,
  "import:start": runImport,
  "import:get": getImport,
};

/** Whether a command names a room. */
export function isRoomCommand(name: CommandName): name is RoomCommand {
  const { room } = { room: null, ...commands[name].input.shape } as { room: ZodType | null };
  // Where it may be left out, the command is about more than one room.
  return room !== null && !room.safeParse(undefined).success;
}
