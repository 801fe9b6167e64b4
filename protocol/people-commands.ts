import * as z from "zod";

import { type Command, route } from "./command.ts";
import { InviteCode, InviteId, RoomRef, UserId } from "./ids.ts";
import { MAX_INVITE_SECONDS, MAX_INVITE_USES } from "./limits.ts";
import { after, itemLimit, list } from "./paged.ts";
import {
  Block,
  Contact,
  Direct,
  Invite,
  KnownProfile,
  Meeting,
  MyProfile,
  ProfileChanges,
  SeenPerson,
  UserRef,
} from "./people.ts";
import { Room, User } from "./shapes.ts";
import { DisplayName, Line, MessageText } from "./text.ts";

const user = { user: UserId };
const nothing = z.object({});
const common = { who: "signed-in", rate: "command", socket: false } as const;

/** Commands about people: oneself, those one knows, and conversations of a few. */
export const peopleCommands = {
  "me:get": {
    ...common,
    summary: "Who am I?",
    input: z.strictObject({}),
    output: MyProfile,
    rest: route("GET", "/me"),
  },
  "me:update": {
    ...common,
    summary:
      "Change my profile. A socket says my new name once its session is renewed with `session:renew`.",
    input: ProfileChanges,
    output: MyProfile,
    rest: route("PATCH", "/me"),
  },
  "user:get": {
    ...common,
    summary: "Someone's profile, by id or handle, and what they are to me.",
    input: z.strictObject({ user: UserRef }),
    output: KnownProfile,
    rest: route("GET", "/users/:user"),
  },

  "me:meetings": {
    ...common,
    summary:
      "People I keep meeting: who spoke next to me on more than one of the last 30 days, and lets it be shown.",
    input: z.strictObject({ limit: itemLimit }),
    output: z.object({ items: z.array(Meeting) }),
    rest: route("GET", "/me/meetings"),
  },
  "room:missed-people": {
    ...common,
    summary: "Who was here while I was away: who spoke since my read marker, and lets it be shown.",
    input: z.strictObject({ room: RoomRef, limit: itemLimit }),
    output: z.object({ items: z.array(SeenPerson) }),
    who: "reader",
    rest: route("GET", "/rooms/:room/missed-people"),
  },

  "contact:add": {
    ...common,
    summary:
      "Follow someone, or change my note about them, which only I see. Two who follow each other are connected.",
    input: z.strictObject({ ...user, note: z.union([Line, z.literal("")]).optional() }),
    output: Contact,
    rest: route("PUT", "/contacts/:user"),
  },
  "contact:remove": {
    ...common,
    summary: "Follow someone no more.",
    input: z.strictObject(user),
    output: nothing,
    rest: route("DELETE", "/contacts/:user", 204),
  },
  "contact:list": {
    ...common,
    summary:
      "Whom I follow, the latest first; or only those I am connected with, or who follows me.",
    input: z.strictObject({
      show: z.enum(["following", "connected", "followers"]).default("following"),
      ...after,
    }),
    output: list(Contact),
    rest: route("GET", "/contacts"),
  },

  "block:add": {
    ...common,
    summary:
      "Block someone: we follow each other no more, and neither can open a conversation with the other; one that is open is locked.",
    input: z.strictObject(user),
    output: nothing,
    rest: route("PUT", "/blocks/:user", 204),
  },
  "block:remove": {
    ...common,
    summary: "Block someone no more.",
    input: z.strictObject(user),
    output: nothing,
    rest: route("DELETE", "/blocks/:user", 204),
  },
  "block:list": {
    ...common,
    summary: "Whom I block, the latest first.",
    input: z.strictObject({ ...after }),
    output: list(Block),
    rest: route("GET", "/blocks"),
  },

  "direct:open": {
    ...common,
    summary:
      "The conversation of us two. Someone who does not follow me is asked first: they see it among theirs, and agree by opening it, too.",
    input: z.strictObject({ ...user, text: MessageText.optional() }),
    output: Room,
    rest: route("POST", "/direct"),
  },
  "direct:list": {
    ...common,
    summary: "Conversations of a few that I am in or am asked for, the latest first.",
    input: z.strictObject({ ...after }),
    output: list(Direct),
    rest: route("GET", "/direct"),
  },
  "direct:decline": {
    ...common,
    summary: "Say no to a conversation that I am asked for. Who asked is not told.",
    input: z.strictObject(user),
    output: nothing,
    rest: route("DELETE", "/direct/:user", 204),
  },
  "introduction:make": {
    ...common,
    summary:
      "Introduce two whom I am connected with: a conversation of us three, begun with a line.",
    input: z.strictObject({ users: z.tuple([UserId, UserId]), text: MessageText }),
    output: Room,
    rest: route("POST", "/introductions", 201),
  },

  "invite:create": {
    ...common,
    summary:
      "Make a link into a room. Into a private room moderators invite, into any other whoever is in it.",
    input: z.strictObject({
      room: RoomRef,
      maxUses: z.int().min(1).max(MAX_INVITE_USES).optional(),
      expiresInSeconds: z.int().min(1).max(MAX_INVITE_SECONDS).optional(),
    }),
    output: Invite.extend({ code: InviteCode, url: z.string() }),
    who: "reader",
    rest: route("POST", "/rooms/:room/invites", 201),
  },
  "invite:list": {
    ...common,
    summary:
      "Invitations of a room that are still good, the newest first: mine, or to a moderator all.",
    input: z.strictObject({ room: RoomRef, ...after }),
    output: list(Invite),
    who: "reader",
    rest: route("GET", "/rooms/:room/invites"),
  },
  "invite:revoke": {
    ...common,
    summary: "Take an invitation back: mine, or as a moderator anyone's.",
    input: z.strictObject({ room: RoomRef, id: InviteId }),
    output: nothing,
    who: "reader",
    rest: route("DELETE", "/rooms/:room/invites/:id", 204),
  },
  "invite:get": {
    ...common,
    summary: "Where an invitation leads, and who made it.",
    input: z.strictObject({ code: InviteCode }),
    output: z.object({ room: Room, by: User }),
    who: "anyone",
    rest: route("GET", "/invites/:code"),
  },
  "invite:accept": {
    ...common,
    summary: "Become a member by an invitation. Again, or as a member, it takes nothing from it.",
    input: z.strictObject({ code: InviteCode }),
    output: z.object({ room: Room }),
    rest: route("POST", "/invites/:code/accept"),
  },

  "bot:create": {
    ...common,
    summary: "Make a bot that speaks in a room over REST, and its token, which is shown this once.",
    input: z.strictObject({ room: RoomRef, name: DisplayName }),
    output: z.object({ user: User, token: z.string() }),
    who: "moderator",
    rest: route("POST", "/rooms/:room/bots", 201),
  },
  "bot:list": {
    ...common,
    summary: "Bots of a room whose tokens are good.",
    input: z.strictObject({ room: RoomRef }),
    output: z.object({ items: z.array(User) }),
    who: "moderator",
    rest: route("GET", "/rooms/:room/bots"),
  },
  "bot:remove": {
    ...common,
    summary: "End a bot's token at once; what it said stays.",
    input: z.strictObject({ room: RoomRef, user: UserId }),
    output: nothing,
    who: "moderator",
    rest: route("DELETE", "/rooms/:room/bots/:user", 204),
  },
} as const satisfies Record<string, Command>;
