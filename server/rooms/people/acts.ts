import type { ParsedInput } from "../../../protocol/commands.ts";
import type { peopleCommands } from "../../../protocol/people-commands.ts";
import type { PlainAct, RoomAct } from "../act.ts";
import { blockSomeone, showBlocks, unblockSomeone } from "./block.ts";
import { makeBot, removeBot, showBots } from "./bots.ts";
import { follow, showContacts, unfollow } from "./follow.ts";
import { introduce } from "./introduce.ts";
import { acceptInvite, invite, showInvite, showInvites, takeInviteBack } from "./invite.ts";
import { showMeetings, showMissedPeople } from "./meet.ts";
import { declineDirect, openDirect } from "./open-direct.ts";
import { changeMyProfile, showPerson, whoAmI } from "./profile.ts";
import { showDirect } from "./show-direct.ts";

/** What each command about people does. */
export const peopleActs: {
  [N in keyof typeof peopleCommands]: ParsedInput<N> extends { room: string }
    ? RoomAct<N>
    : PlainAct<N>;
} = {
  "me:get": whoAmI,
  "me:update": changeMyProfile,
  "user:get": showPerson,
  "me:meetings": showMeetings,
  "room:missed-people": showMissedPeople,
  "contact:add": follow,
  "contact:remove": unfollow,
  "contact:list": showContacts,
  "block:add": blockSomeone,
  "block:remove": unblockSomeone,
  "block:list": showBlocks,
  "direct:open": openDirect,
  "direct:list": showDirect,
  "direct:decline": declineDirect,
  "introduction:make": introduce,
  "bot:create": makeBot,
  "bot:list": showBots,
  "bot:remove": removeBot,
  "invite:create": invite,
  "invite:list": showInvites,
  "invite:revoke": takeInviteBack,
  "invite:get": showInvite,
  "invite:accept": acceptInvite,
};
