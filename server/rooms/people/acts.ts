import type { peopleCommands } from "../../../protocol/people-commands.ts";
import type { PlainAct } from "../act.ts";
import { blockSomeone, showBlocks, unblockSomeone } from "./block.ts";
import { follow, showContacts, unfollow } from "./follow.ts";
import { introduce } from "./introduce.ts";
import { declineDirect, openDirect } from "./open-direct.ts";
import { changeMyProfile, showPerson, whoAmI } from "./profile.ts";
import { showDirect } from "./show-direct.ts";

/** What each command about people does. */
export const peopleActs: { [N in keyof typeof peopleCommands]: PlainAct<N> } = {
  "me:get": whoAmI,
  "me:update": changeMyProfile,
  "user:get": showPerson,
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
};
