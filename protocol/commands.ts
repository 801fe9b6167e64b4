import * as z from "zod";

import { type Command, route } from "./command.ts";
import { Fact } from "./facts.ts";
import {
  ClientId,
  ConversationId,
  Cursor,
  Epoch,
  DryRunId,
  ImportId,
  Position,
  RoomRef,
  SanctionId,
  Seq,
  Slug,
  Time,
  UserId,
} from "./ids.ts";
import { DEFAULT_PAGE_FACTS, MAX_DRY_RUN_DAYS, MAX_PAGE_FACTS } from "./limits.ts";
import { after, itemLimit, list } from "./paged.ts";
import { peopleCommands } from "./people-commands.ts";
import { privacyCommands } from "./privacy-commands.ts";
import { readCommands } from "./read-commands.ts";
import { removalCommands } from "./removal-commands.ts";
import { reportCommands } from "./report-commands.ts";
import { roomControlCommands } from "./room-control-commands.ts";
import {
  AuditEntry,
  DryRun,
  FilterHits,
  FilterRule,
  FilterRules,
  Import,
  ImportFormat,
  Member,
  Membership,
  Message,
  Missed,
  NewRoom,
  Presence,
  Role,
  Room,
  RoomChanges,
  Sanction,
  SanctionKind,
  SearchHit,
  Tag,
  User,
  Visibility,
  Weather,
} from "./shapes.ts";
import { DisplayName, Emoji, Line, MessageText, sought, Title } from "./text.ts";
import { webhookCommands } from "./webhook-commands.ts";

const room = { room: RoomRef };
const onMessage = { room: RoomRef, seq: Seq };
const nothing = z.object({});
const factLimit = z.int().min(1).max(MAX_PAGE_FACTS).default(DEFAULT_PAGE_FACTS);

/** One of after, before, around at most: two of them would name two pages. */
const atMostOnePlace = (input: { after?: unknown; before?: unknown; around?: unknown }) =>
  [input.after, input.before, input.around].filter((place) => place !== undefined).length <= 1;
const onePlaceOnly = { message: "Name one of after, before and around", path: ["around"] };

const MESSAGE = "/rooms/:room/messages/:seq";

/** Every command of Eddy. What is not in this table cannot be asked for. */
export const commands = {
  "guest:create": {
    summary: "Drop in with just a name: makes a guest and a short-lived token.",
    input: z.strictObject({ displayName: DisplayName }),
    output: z.object({ user: User, token: z.string(), expiresAt: Time }),
    who: "anyone",
    rate: "guest",
    socket: false,
    rest: route("POST", "/guests", 201),
  },
  "session:renew": {
    summary: "Carry the session on with a newer token.",
    input: z.strictObject({ token: z.string().min(1).max(8_192) }),
    output: z.object({ expiresAt: Time }),
    who: "signed-in",
    rate: "command",
    socket: true,
    rest: null,
  },
  ...peopleCommands,
  ...privacyCommands,
  ...webhookCommands,

  "room:create": {
    summary: "Open a room; whoever does so owns it.",
    input: NewRoom,
    output: Room,
    who: "signed-in",
    rate: "room",
    socket: false,
    rest: route("POST", "/rooms", 201),
  },
  "room:list": {
    summary:
      "Public rooms, or those I am in: the liveliest first (people there, messages of the last minutes and whether they grow more), or the newest.",
    input: z.strictObject({
      sort: z.enum(["live", "new"]).default("live"),
      show: z.enum(["public", "mine"]).default("public"),
      q: z.string().max(100).optional(),
      tag: Tag.optional(),
      ...after,
    }),
    output: list(Room),
    who: "anyone",
    rate: "command",
    socket: false,
    rest: route("GET", "/rooms"),
  },
  "room:weather": {
    summary: "How it is in a room just now: who speaks, how fast, and whether it grows.",
    input: z.strictObject(room),
    output: Weather,
    who: "reader",
    rate: "command",
    socket: false,
    rest: route("GET", "/rooms/:room/weather"),
  },
  "tag:list": {
    summary: "Tags of public rooms, the most used first.",
    input: z.strictObject({ limit: itemLimit }),
    output: z.object({ items: z.array(z.object({ tag: Tag, rooms: z.int() })) }),
    who: "anyone",
    rate: "command",
    socket: false,
    rest: route("GET", "/tags"),
  },
  "room:get": {
    summary: "One room.",
    input: z.strictObject(room),
    output: Room,
    who: "reader",
    rate: "command",
    socket: false,
    rest: route("GET", "/rooms/:room"),
  },
  "room:update": {
    summary:
      "Change a room: title, topic, tags, visibility, who may speak, slow mode, whether people may ask to join.",
    input: z.strictObject({ ...room, ...RoomChanges.shape }),
    output: Room,
    who: "moderator",
    rate: "command",
    socket: false,
    rest: route("PATCH", "/rooms/:room"),
  },
  "room:archive": {
    summary: "Close a room for good; its history stays readable.",
    input: z.strictObject(room),
    output: nothing,
    who: "owner",
    rate: "command",
    socket: false,
    rest: route("DELETE", "/rooms/:room", 204),
  },
  "room:enter": {
    summary:
      "Enter a room, or carry on from a cursor; from `more: false` on, its facts are pushed.",
    input: z.strictObject({
      ...room,
      since: Cursor.optional(),
      limit: factLimit,
      catchUp: z.enum(["all", "newest"]).default("all"),
      lurk: z.boolean().default(false),
    }),
    output: z.object({
      room: Room,
      me: Membership,
      epoch: Epoch,
      head: Position,
      stored: Position,
      prev: Position,
      events: z.array(Fact),
      more: z.boolean(),
      skipped: z.object({ from: Seq, to: Seq, count: z.int() }).optional(),
      resetTo: Position.optional(),
      presence: Presence,
    }),
    who: "reader",
    rate: "command",
    socket: true,
    rest: null,
  },
  "room:leave": {
    summary: "Leave a room; its facts are no longer pushed.",
    input: z.strictObject(room),
    output: nothing,
    who: "signed-in",
    rate: "command",
    socket: true,
    rest: null,
  },
  "room:history": {
    summary: "Facts after, before or around a seq; the newest when none is named.",
    input: z
      .strictObject({
        ...room,
        after: Position.optional(),
        before: Position.optional(),
        around: Seq.optional(),
        limit: factLimit,
      })
      .refine(atMostOnePlace, onePlaceOnly),
    output: z.object({
      events: z.array(Fact),
      prev: Position,
      next: Position,
      more: z.boolean(),
    }),
    who: "reader",
    rate: "command",
    socket: true,
    rest: route("GET", "/rooms/:room/events"),
  },
  ...readCommands,
  "room:missed": {
    summary:
      "What happened after my read marker, or between two positions: conversations, people, links.",
    input: z.strictObject({ ...room, since: Position.optional(), until: Position.optional() }),
    output: Missed,
    who: "reader",
    rate: "command",
    socket: true,
    rest: route("GET", "/rooms/:room/missed"),
  },
  "typing:start": {
    summary: "I am typing in a room that I have entered. Fire and forget, throttled.",
    input: z.strictObject(room),
    output: nothing,
    who: "speaker",
    rate: "typing",
    socket: true,
    rest: null,
  },

  "message:send": {
    summary: "Say something. The same clientId again is the same message.",
    input: z.strictObject({
      ...room,
      clientId: ClientId,
      text: MessageText,
      replyTo: Seq.optional(),
    }),
    output: z.object({ seq: Seq, epoch: Epoch, at: Time, duplicate: z.boolean() }),
    who: "speaker",
    rate: "message",
    socket: true,
    rest: route("POST", "/rooms/:room/messages"),
  },
  "message:edit": {
    summary: "Change the text of my message.",
    input: z.strictObject({ ...onMessage, text: MessageText }),
    output: z.object({ seq: Seq, at: Time }),
    who: "speaker",
    rate: "message",
    socket: true,
    rest: route("PATCH", MESSAGE),
  },
  "message:remove": {
    summary: "Take a message back: mine, or as a moderator anyone's.",
    input: z.strictObject({ ...onMessage, reason: Line.optional() }),
    output: z.object({ seq: Seq, at: Time }),
    who: "reader",
    rate: "command",
    socket: true,
    rest: route("DELETE", MESSAGE),
  },
  "reaction:add": {
    summary: "React to a message.",
    input: z.strictObject({ ...onMessage, emoji: Emoji }),
    output: z.object({ seq: Seq }),
    who: "speaker",
    rate: "command",
    socket: true,
    rest: route("PUT", `${MESSAGE}/reactions/:emoji`),
  },
  "reaction:remove": {
    summary: "Take my reaction back.",
    input: z.strictObject({ ...onMessage, emoji: Emoji }),
    output: z.object({ seq: Seq }),
    who: "reader",
    rate: "command",
    socket: true,
    rest: route("DELETE", `${MESSAGE}/reactions/:emoji`),
  },
  "message:pin": {
    summary: "Pin a message.",
    input: z.strictObject(onMessage),
    output: z.object({ seq: Seq }),
    who: "moderator",
    rate: "command",
    socket: true,
    rest: route("PUT", `${MESSAGE}/pin`),
  },
  "message:unpin": {
    summary: "Unpin a message.",
    input: z.strictObject(onMessage),
    output: z.object({ seq: Seq }),
    who: "moderator",
    rate: "command",
    socket: true,
    rest: route("DELETE", `${MESSAGE}/pin`),
  },
  "message:move": {
    summary:
      "Move a message to another conversation: mine, or as a moderator anyone's. Its own seq begins a new one.",
    input: z.strictObject({ ...onMessage, conversation: ConversationId }),
    output: z.object({ seq: Seq }),
    who: "speaker",
    rate: "command",
    socket: true,
    rest: route("PUT", `${MESSAGE}/conversation`),
  },
  "message:list": {
    summary:
      "Messages as they are now: text after edits, reactions counted, removed ones as tombstones.",
    input: z
      .strictObject({
        ...room,
        after: Position.optional(),
        before: Position.optional(),
        around: Seq.optional(),
        cursor: z.string().max(200).optional(),
        limit: itemLimit,
      })
      .refine(atMostOnePlace, onePlaceOnly),
    output: list(Message),
    who: "reader",
    rate: "command",
    socket: false,
    rest: route("GET", "/rooms/:room/messages"),
  },
  "message:get": {
    summary: "One message as it is now.",
    input: z.strictObject(onMessage),
    output: Message,
    who: "reader",
    rate: "command",
    socket: false,
    rest: route("GET", MESSAGE),
  },

  "message:search": {
    summary:
      'Messages that hold some words, in every room that I may see. `q` takes words, "phrases", -words, and from:, in:, before:, after:, has:link|reaction|reply.',
    input: z.strictObject({
      q: sought(400).default(""),
      room: RoomRef.optional(),
      from: sought(100).min(1).optional(),
      before: z.string().max(40).optional(),
      after: z.string().max(40).optional(),
      has: z.enum(["link", "reaction", "reply"]).optional(),
      sort: z.enum(["relevance", "time"]).default("time"),
      ...after,
    }),
    output: list(SearchHit).extend({ indexLagMs: z.int() }),
    who: "signed-in",
    rate: "command",
    socket: false,
    rest: route("GET", "/search"),
  },
  "member:list": {
    summary: "Members of a room.",
    input: z.strictObject({ ...room, ...after }),
    output: list(Member),
    who: "reader",
    rate: "command",
    socket: false,
    rest: route("GET", "/rooms/:room/members"),
  },
  "member:set-role": {
    summary: "Give someone a role in a room.",
    input: z.strictObject({ ...room, user: UserId, role: Role }),
    output: Member,
    who: "moderator",
    rate: "command",
    socket: false,
    rest: route("PUT", "/rooms/:room/members/:user"),
  },
  "member:leave": {
    summary: "Leave a room for good: its member no more. The last owner cannot.",
    input: z.strictObject(room),
    output: nothing,
    who: "reader",
    rate: "command",
    socket: true,
    rest: route("DELETE", "/rooms/:room/membership", 204),
  },
  "sanction:create": {
    summary: "Mute, kick or ban someone; in force from its seq on, on every gateway.",
    input: z.strictObject({
      ...room,
      user: UserId,
      kind: SanctionKind,
      seconds: z.int().min(1).max(31_536_000).optional(),
      reason: Line,
      /** Of the last so many minutes: what they said then is removed. */
      removeMessages: z.int().min(1).max(10_080).optional(),
    }),
    output: Sanction,
    who: "moderator",
    rate: "command",
    socket: false,
    rest: route("POST", "/rooms/:room/sanctions", 201),
  },
  "sanction:list": {
    summary: "Sanctions of a room, the newest first.",
    input: z.strictObject({ ...room, ...after }),
    output: list(Sanction),
    who: "moderator",
    rate: "command",
    socket: false,
    rest: route("GET", "/rooms/:room/sanctions"),
  },
  "sanction:lift": {
    summary: "End a sanction.",
    input: z.strictObject({ ...room, id: SanctionId, reason: Line.optional() }),
    output: Sanction,
    who: "moderator",
    rate: "command",
    socket: false,
    rest: route("DELETE", "/rooms/:room/sanctions/:id"),
  },
  "filter:get": {
    summary: "The rules of a room's filter, and how often each was met.",
    input: z.strictObject(room),
    output: z.object({ rules: FilterRules, hits: z.array(FilterHits) }),
    who: "moderator",
    rate: "command",
    socket: false,
    rest: route("GET", "/rooms/:room/filters"),
  },
  "filter:set": {
    summary: "Replace the rules of a room's filter.",
    input: z.strictObject({ ...room, rules: FilterRules }),
    output: z.object({ rules: FilterRules }),
    who: "moderator",
    rate: "command",
    socket: false,
    rest: route("PUT", "/rooms/:room/filters"),
  },
  "dry-run:create": {
    summary: "Try a draft rule on what was said in the last days: whom would it have hit?",
    input: z.strictObject({
      ...room,
      rule: FilterRule,
      days: z.int().min(1).max(MAX_DRY_RUN_DAYS).default(7),
    }),
    output: DryRun,
    who: "moderator",
    rate: "command",
    socket: false,
    rest: route("POST", "/rooms/:room/filters/dry-run", 201),
  },
  "dry-run:get": {
    summary: "How far a dry run is, and what it has found.",
    input: z.strictObject({ ...room, id: DryRunId }),
    output: DryRun,
    who: "moderator",
    rate: "command",
    socket: false,
    rest: route("GET", "/rooms/:room/filters/dry-run/:id"),
  },
  "audit:list": {
    summary: "What was done in a room, by whom and why, the newest first.",
    input: z.strictObject({
      ...room,
      actor: UserId.optional(),
      target: UserId.optional(),
      action: z.string().max(64).optional(),
      rule: Title.optional(),
      since: Time.optional(),
      until: Time.optional(),
      ...after,
    }),
    output: list(AuditEntry),
    who: "moderator",
    rate: "command",
    socket: false,
    rest: route("GET", "/rooms/:room/audit"),
  },
  ...removalCommands,
  ...reportCommands,
  ...roomControlCommands,
  "import:create": {
    summary:
      "Bring a history along, into a room of its own: for platform administrators. Then PUT its parts, and start it.",
    input: z.strictObject({
      format: ImportFormat,
      title: Title,
      slug: Slug.optional(),
      visibility: Visibility.default("private"),
      channel: Line.optional(),
      date: z.iso.date().optional(),
    }),
    output: Import,
    who: "signed-in",
    rate: "room",
    socket: false,
    rest: route("POST", "/imports", 201),
  },
  "import:start": {
    summary: "All parts are here: read them into the room.",
    input: z.strictObject({ id: ImportId }),
    output: Import,
    who: "signed-in",
    rate: "command",
    socket: false,
    rest: route("POST", "/imports/:id/start"),
  },
  "import:get": {
    summary: "How far an import has come.",
    input: z.strictObject({ id: ImportId }),
    output: Import,
    who: "signed-in",
    rate: "command",
    socket: false,
    rest: route("GET", "/imports/:id"),
  },
} as const satisfies Record<string, Command>;

export type CommandName = keyof typeof commands;

/** A command's input as callers write it: defaults may be left out. */
export type CommandInput<N extends CommandName> = z.input<(typeof commands)[N]["input"]>;
/** A command's input as the server reads it. */
export type ParsedInput<N extends CommandName> = z.output<(typeof commands)[N]["input"]>;
/** What a command answers, beyond `ok`. */
export type CommandOutput<N extends CommandName> = z.output<(typeof commands)[N]["output"]>;

export const commandNames = Object.keys(commands) as CommandName[];
