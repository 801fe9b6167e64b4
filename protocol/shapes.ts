import * as z from "zod";

import {
  AuditId,
  ClientId,
  DeliveryId,
  DryRunId,
  ErasureId,
  ImportId,
  Position,
  RoomId,
  SanctionId,
  Seq,
  Slug,
  Time,
  UserId,
  WebhookId,
} from "./ids.ts";
import {
  MAX_FILTER_HOSTS,
  MAX_FILTER_RULES,
  MAX_PRESENCE_SAMPLE,
  MAX_RANGES_AT_ONCE,
  MAX_SLOW_MODE_SECONDS,
  MAX_TAGS,
} from "./limits.ts";
import { Emoji, Line, Title } from "./text.ts";

/** A person, as others see them. */
export const User = z.object({
  id: UserId,
  name: z.string(),
  handle: z.string().optional(),
  kind: z.enum(["guest", "member", "bot"]),
  headline: z.string().optional(),
  picture: z.string().optional(),
});
export type User = z.infer<typeof User>;

/** Who did something, as it stands in the log. */
export const Author = z.object({ id: UserId, name: z.string() });
export type Author = z.infer<typeof Author>;

/** What someone may do in a room, in ascending order. */
export const roles = ["guest", "member", "moderator", "owner"] as const;
export const Role = z.enum(roles);
export type Role = z.infer<typeof Role>;

export const Visibility = z.enum(["public", "unlisted", "private"]);
export type Visibility = z.infer<typeof Visibility>;

export const Tag = z
  .string()
  .regex(
    /^[\p{Ll}\p{Lo}\p{N}][\p{Ll}\p{Lo}\p{N}-]{0,31}$/u,
    "1 to 32 of lower-case letters, digits and -",
  );

/** Who may speak: everyone, who has been a member for a while, moderators, or nobody but platform administrators. */
export const Speakers = z.enum(["everyone", "settled", "moderators", "nobody"]);
export type Speakers = z.infer<typeof Speakers>;

/** Raid mode, while it is on. */
export const Raid = z.object({
  since: Time,
  until: Time,
  slowModeSeconds: z.int(),
  /** Who became a member after this may only read. */
  newSince: Time,
});
export type Raid = z.infer<typeof Raid>;

/** What someone may know of a private room that they may ask to join. */
export const Door = z.object({
  id: RoomId,
  slug: z.string(),
  title: z.string(),
  /** Whether I have asked, and nobody has answered. */
  asked: z.boolean(),
});
export type Door = z.infer<typeof Door>;

export const Room = z.object({
  id: RoomId,
  slug: z.string(),
  title: z.string(),
  topic: z.string(),
  visibility: Visibility,
  tags: z.array(z.string()),
  locked: z.boolean(),
  slowModeSeconds: z.int(),
  /** As `locked` says, where it is left out. */
  speakers: Speakers.optional(),
  /** For so long somebody must be a member before they speak, where only those who have settled may. */
  settledSeconds: z.int().optional(),
  raid: Raid.nullable().optional(),
  /** Whether people may ask to join it while it is private. */
  asking: z.boolean().optional(),
  createdAt: Time,
  archivedAt: Time.nullable(),
  live: z.object({ present: z.int(), messagesLast5m: z.int() }),
  /** A conversation of a few, which is on no list and has no moderators. */
  direct: z.boolean().optional(),
});
export type Room = z.infer<typeof Room>;

/** Whether more is said in a room than before. */
export const Trend = z.enum(["rising", "steady", "falling"]);
export type Trend = z.infer<typeof Trend>;

/** How it is in a room, for who thinks of going there. */
export const Weather = z.object({
  present: z.int(),
  messagesLast5m: z.int(),
  /** Messages of the last 15 minutes, by the minute. */
  perMinute: z.number(),
  trend: Trend,
  /** Who has spoken in the last 15 minutes, the most talkative first. */
  speakers: z.array(z.object({ user: User, messages: z.int() })),
  /** When somebody last said something. */
  lastMessageAt: Time.optional(),
  /** Messages that I have not read. */
  unread: z.int(),
});
export type Weather = z.infer<typeof Weather>;

/** What may be changed of a room. Also the `changes` of a `room.updated`. */
export const RoomChanges = z.strictObject({
  title: Title.optional(),
  topic: z.union([Line, z.literal("")]).optional(),
  tags: z.array(Tag).max(MAX_TAGS).optional(),
  visibility: Visibility.optional(),
  locked: z.boolean().optional(),
  slowModeSeconds: z.int().min(0).max(MAX_SLOW_MODE_SECONDS).optional(),
  /** Goes before `locked`, which is true while only moderators or nobody may speak. */
  speakers: Speakers.optional(),
  settledSeconds: z.int().min(1).max(31_536_000).optional(),
  asking: z.boolean().optional(),
});
export type RoomChanges = z.infer<typeof RoomChanges>;

/** What a person asks for when they open a room. */
export const NewRoom = z.strictObject({
  title: Title,
  slug: Slug.optional(),
  topic: z.union([Line, z.literal("")]).optional(),
  visibility: Visibility,
});

export const SanctionKind = z.enum(["mute", "kick", "ban"]);
export type SanctionKind = z.infer<typeof SanctionKind>;

export const Sanction = z.object({
  id: SanctionId,
  user: UserId,
  kind: SanctionKind,
  reason: z.string(),
  by: UserId,
  at: Time,
  until: Time.optional(),
  liftedAt: Time.optional(),
});
export type Sanction = z.infer<typeof Sanction>;

/** What someone is told whom a sanction bars: what, why, by whom, until when, and how to appeal. */
export const SanctionNotice = z.object({
  kind: SanctionKind,
  scope: z.enum(["room", "platform"]),
  reason: z.string().optional(),
  by: UserId.optional(),
  /** Null: for good. */
  until: Time.nullable(),
  appeal: z.string(),
});
export type SanctionNotice = z.infer<typeof SanctionNotice>;

/** A ban from the whole platform, by one of its administrators. */
export const PlatformBan = z.object({
  id: SanctionId,
  user: UserId,
  reason: z.string(),
  by: UserId,
  at: Time,
  until: Time.optional(),
  liftedAt: Time.optional(),
});
export type PlatformBan = z.infer<typeof PlatformBan>;

/** How far the erasing of a person is. */
export const Erasure = z.object({
  id: ErasureId,
  user: UserId,
  state: z.enum(["waiting", "running", "done"]),
  /** Rooms in which they were, and those where nothing of theirs is left. */
  rooms: z.int(),
  roomsDone: z.int(),
  createdAt: Time,
  finishedAt: Time.nullable(),
});
export type Erasure = z.infer<typeof Erasure>;

export const Notify = z.enum(["all", "mentions", "none"]);
export type Notify = z.infer<typeof Notify>;

/** Ranges of seqs, both ends included. */
export const ReadRanges = z
  .array(z.tuple([Seq, Seq]).refine(([from, to]) => from <= to, "A range ends where it begins"))
  .max(MAX_RANGES_AT_ONCE);
export type ReadRanges = z.infer<typeof ReadRanges>;

/** What someone has read of a room, and what is left. */
export const ReadState = z.object({
  /** Everything up to here is read. */
  lastReadSeq: Position,
  /** What is read above that, ascending. */
  readRanges: z.array(z.tuple([Seq, Seq])),
  /** Grows with every change: of two states, the higher one is the newer. */
  readRevision: z.int(),
  /** Messages of others that stand and are not read; those of people whom I block are not counted. */
  unread: z.int(),
  /** Those of them that mention me. */
  mentions: z.int(),
  /** The first of them. */
  firstUnread: Seq.nullable(),
});
export type ReadState = z.infer<typeof ReadState>;

/** What I have not read of a room, counted up to `head`. */
export const UnreadRoom = z.object({
  room: RoomId,
  unread: z.int(),
  mentions: z.int(),
  firstUnread: Seq.nullable(),
  head: Position,
  readRevision: z.int(),
});
export type UnreadRoom = z.infer<typeof UnreadRoom>;

/** What a room is to the one who asks. */
export const Membership = z.object({
  role: Role,
  sanctions: z.array(Sanction),
  ...ReadState.shape,
  notify: Notify,
});
export type Membership = z.infer<typeof Membership>;

/** A member of a room, as its list shows them. */
export const Member = z.object({ user: User, role: Role, joinedAt: Time });
export type Member = z.infer<typeof Member>;

/** Who is in a room: the exact count, and a sample of faces. */
export const Presence = z.object({
  count: z.int(),
  users: z.array(User).max(MAX_PRESENCE_SAMPLE),
});
export type Presence = z.infer<typeof Presence>;

/** The present state of a message. */
export const Message = z.object({
  seq: Seq,
  by: Author,
  at: Time,
  text: z.string().optional(),
  clientId: ClientId,
  replyTo: Seq.optional(),
  mentions: z.array(UserId),
  editedAt: Time.optional(),
  removed: z.object({ by: Author, at: Time, reason: z.string().optional() }).optional(),
  pinned: z.boolean(),
  reactions: z.array(z.object({ emoji: Emoji, count: z.int(), mine: z.boolean() })),
  conversation: z.string().optional(),
});
export type Message = z.infer<typeof Message>;

/** A message that a search found. */
export const SearchHit = z.object({
  room: RoomId,
  seq: Seq,
  by: Author,
  at: Time,
  snippet: z.string(),
  conversation: z.string().optional(),
});
export type SearchHit = z.infer<typeof SearchHit>;

/** A site, and all below it. */
export const Host = z
  .string()
  .max(253)
  .regex(
    /^[\p{L}\p{M}\p{N}](?:[\p{L}\p{M}\p{N}-]*[\p{L}\p{M}\p{N}])?(?:\.[\p{L}\p{M}\p{N}-]+)*$/u,
    "A host name, such as example.com",
  );

/** What a rule does with what it matches. */
export const FilterAction = z.enum(["refuse", "hold", "alert", "mute"]);
export type FilterAction = z.infer<typeof FilterAction>;

/** What a rule may look for: each rule for one of these. */
const matchers = {
  phrase: Line.optional(),
  regex: Line.optional(),
  links: z
    .strictObject({
      allow: z.array(Host).max(MAX_FILTER_HOSTS).optional(),
      deny: z.array(Host).min(1).max(MAX_FILTER_HOSTS).optional(),
    })
    .refine(({ allow, deny }) => allow === undefined || deny === undefined, {
      message: "Name allow or deny, not both",
    })
    .optional(),
  invites: z.literal(true).optional(),
  mentions: z.int().min(0).max(100).optional(),
  caps: z
    .strictObject({ percent: z.int().min(1).max(100), letters: z.int().min(1).max(4_000) })
    .optional(),
  repeats: z
    .strictObject({ times: z.int().min(1).max(20), seconds: z.int().min(1).max(3_600) })
    .optional(),
};
const matcherNames = Object.keys(matchers) as (keyof typeof matchers)[];

/** A rule about what may be said in a room. */
export const FilterRule = z
  .strictObject({
    name: Title,
    ...matchers,
    action: FilterAction.optional(),
    muteSeconds: z.int().min(1).max(31_536_000).optional(),
    exempt: z.array(Role).max(roles.length).optional(),
    shadow: z.boolean().optional(),
  })
  .refine((rule) => matcherNames.filter((name) => rule[name] !== undefined).length === 1, {
    message: `Name one of ${matcherNames.join(", ")}`,
  })
  .refine(({ action, muteSeconds }) => (action === "mute") === (muteSeconds !== undefined), {
    message: "muteSeconds goes with the action mute, and only with it",
    path: ["muteSeconds"],
  });
export type FilterRule = z.infer<typeof FilterRule>;

export const FilterRules = z.array(FilterRule).max(MAX_FILTER_RULES);

/** How often a rule was met. */
export const FilterHits = z.object({
  rule: z.string(),
  shadow: z.boolean(),
  hits: z.int(),
  lastAt: Time,
});
export type FilterHits = z.infer<typeof FilterHits>;

/** A draft rule, tried on what was said. */
export const DryRun = z.object({
  id: DryRunId,
  rule: FilterRule,
  since: Time,
  state: z.enum(["waiting", "running", "done"]),
  /** From 0 to 1. */
  progress: z.number(),
  messages: z.int(),
  hits: z.int(),
  /** People who said what was hit, and how many of them are moderators or owners. */
  people: z.int(),
  moderators: z.int(),
  /** Those with the most hits. */
  most: z.array(z.object({ user: UserId, name: z.string(), hits: z.int() })),
  samples: z.array(Message),
  createdAt: Time,
  finishedAt: Time.nullable(),
});
export type DryRun = z.infer<typeof DryRun>;

/** Something that was done, and why. */
export const AuditEntry = z.object({
  id: AuditId,
  at: Time,
  actor: Author,
  action: z.string(),
  target: UserId.optional(),
  seq: Seq.optional(),
  rule: z.string().optional(),
  reason: z.string().optional(),
  before: z.unknown().optional(),
  after: z.unknown().optional(),
  hash: z.string(),
});
export type AuditEntry = z.infer<typeof AuditEntry>;

/** A clean-up: many messages that were removed at once. */
export const Removal = z.object({
  seq: Seq,
  by: Author,
  at: Time,
  reason: z.string(),
  /** Where it was about one person's messages. */
  author: UserId.optional(),
  count: z.int(),
  /** Until then it can be undone, and moderators can read what was removed. */
  undoUntil: Time,
  undoneAt: Time.optional(),
});
export type Removal = z.infer<typeof Removal>;

/** A message that a clean-up is about, with its text. */
export const RemovedMessage = z.object({ seq: Seq, by: UserId, text: z.string() });
export type RemovedMessage = z.infer<typeof RemovedMessage>;

/** What histories that are brought along are written in. */
export const ImportFormat = z.enum(["irc", "jsonl", "slack", "discord"]);
export type ImportFormat = z.infer<typeof ImportFormat>;

/** A history that is brought along from elsewhere, into a room of its own. */
export const Import = z.object({
  id: ImportId,
  room: RoomId,
  format: ImportFormat,
  state: z.enum(["uploading", "waiting", "running", "done", "failed"]),
  /** Of the file, as far as it is here. */
  bytes: z.int(),
  /** Messages that are in the room. */
  messages: z.int(),
  /** Entries of the file that are no messages, or cannot be understood. */
  skipped: z.int(),
  /** From 0 to 1. */
  progress: z.number(),
  /** The first things that went wrong, in words. */
  problems: z.array(z.string()),
  createdAt: Time,
  finishedAt: Time.nullable(),
});
export type Import = z.infer<typeof Import>;

/** Where a webhook goes. */
export const WebhookUrl = z.url({ protocol: /^https?$/u }).max(2_000);

/** Somebody who wants to be told of what happens in a room. */
export const Webhook = z.object({
  id: WebhookId,
  url: z.string(),
  events: z.array(z.string()),
  createdAt: Time,
  /** Since when nothing is sent any more, and why; null while it is on. */
  off: z.object({ at: Time, reason: z.string() }).nullable(),
});
export type Webhook = z.infer<typeof Webhook>;

/** One fact on its way to a webhook, or there. */
export const Delivery = z.object({
  id: DeliveryId,
  seq: Seq,
  event: z.string(),
  state: z.enum(["pending", "delivered", "failed"]),
  attempts: z.int(),
  /** What the other side answered last. */
  status: z.int().nullable(),
  error: z.string().nullable(),
  createdAt: Time,
  /** When it is tried next; null when it has ended. */
  nextAt: Time.nullable(),
});
export type Delivery = z.infer<typeof Delivery>;

const spoken = z.array(z.object({ user: User, messages: z.int() }));

/** What happened in a room in a stretch of its log, as its digests tell it. */
export const Missed = z.object({
  since: Position,
  until: Position,
  messages: z.int(),
  people: spoken,
  readingSeconds: z.int(),
  conversations: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      from: Seq,
      to: Seq,
      messages: z.int(),
      people: spoken,
      mine: z.boolean(),
      mentioned: z.boolean(),
      best: z.array(Seq),
    }),
  ),
  links: z.array(
    z.object({
      url: z.string(),
      title: z.string().optional(),
      by: Author,
      seq: Seq,
      times: z.int(),
    }),
  ),
  questions: z.array(z.object({ seq: Seq, by: Author, text: z.string() })),
  knownPeople: z.array(User),
});
export type Missed = z.infer<typeof Missed>;
