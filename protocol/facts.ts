import * as z from "zod";

import { ClientId, ConversationId, Position, RoomId, Seq, Epoch, Time, UserId } from "./ids.ts";
import { CaseChanged, Notice } from "./reports.ts";
import { Author, Raid, ReadState, Role, RoomChanges, SanctionNotice } from "./shapes.ts";

const onTarget = { target: Seq };
const onUser = { user: UserId };
/** It ran out by itself, just then: nobody lifted it. */
const expired = { expiredAt: Time.optional() };

/**
 * What each type of fact carries beyond `{seq, type, at, by}`.
 *
 * A removed message is replayed with `removed: true` and no text, an edited one with its present
 * text and `editedAt`; the edits of a message are replayed with its present text, or with
 * `removed: true` and none. So text that was taken back is never sent again (G19).
 */
export const factData = {
  "message.sent": {
    clientId: ClientId,
    text: z.string().optional(),
    replyTo: Seq.optional(),
    mentions: z.array(UserId),
    editedAt: Time.optional(),
    removed: z.literal(true).optional(),
  },
  "message.edited": {
    ...onTarget,
    text: z.string().optional(),
    removed: z.literal(true).optional(),
  },
  "message.removed": { ...onTarget, reason: z.string().optional() },
  "messages.removed": {
    targets: z.array(z.tuple([Seq, Seq])),
    author: UserId.optional(),
    reason: z.string(),
    /** The author was erased: all that they said is gone for good. */
    erased: z.literal(true).optional(),
  },
  "messages.restored": {
    targets: z.array(z.tuple([Seq, Seq])),
    /** The `messages.removed` that is undone: what others removed stays removed. */
    removal: Seq.optional(),
    reason: z.string().optional(),
  },
  "reaction.added": { ...onTarget, emoji: z.string() },
  "reaction.removed": { ...onTarget, emoji: z.string() },
  "message.pinned": onTarget,
  "message.unpinned": onTarget,
  "message.moved": { ...onTarget, conversation: ConversationId },
  "member.muted": { ...onUser, until: Time.nullable(), reason: z.string() },
  "member.unmuted": { ...onUser, reason: z.string().optional(), ...expired },
  "member.kicked": { ...onUser, reason: z.string() },
  "member.banned": { ...onUser, until: Time.nullable(), reason: z.string() },
  "member.unbanned": { ...onUser, reason: z.string().optional(), ...expired },
  "member.role": { ...onUser, role: Role },
  "member.left": onUser,
  "room.updated": {
    changes: RoomChanges.extend({
      archivedAt: Time.optional(),
      raid: Raid.nullable().optional(),
    }),
  },
} satisfies Record<string, z.ZodRawShape>;

export type FactType = keyof typeof factData;

export const factTypes = Object.keys(factData) as FactType[];

/** Facts that were written to Postgres before the log carry the id that makes them appear once (G20). */
const act = { act: ClientId.optional() };

const envelope = <T extends FactType>(type: T) =>
  z.object({ seq: Seq, type: z.literal(type), at: Time, by: Author, ...act, ...factData[type] });

/** The schema of each type of fact. */
export const factSchemas = Object.fromEntries(factTypes.map((type) => [type, envelope(type)])) as {
  [T in FactType]: ReturnType<typeof envelope<T>>;
};

export type FactOf<T extends FactType> = z.infer<(typeof factSchemas)[T]>;

/** One entry of a room's log. */
export type Fact = { [T in FactType]: FactOf<T> }[FactType];

export const Fact = z.discriminatedUnion(
  "type",
  Object.values(factSchemas) as unknown as [
    (typeof factSchemas)["message.sent"],
    ...(typeof factSchemas)[FactType][],
  ],
) as unknown as z.ZodType<Fact>;

/** A fact before it has its place in the log. */
export type Draft = DraftOf<FactType>;
export type DraftOf<T extends FactType> = { [K in T]: Omit<FactOf<K>, "seq"> }[T];

/** What the server pushes, each with its data. */
export const pushes = {
  "room.events": z.object({ room: RoomId, epoch: Epoch, prev: Position, events: z.array(Fact) }),
  "room.stored": z.object({ room: RoomId, epoch: Epoch, seq: Position }),
  "room.head": z.object({ room: RoomId, epoch: Epoch, seq: Position }),
  "room.reset": z.object({
    room: RoomId,
    epoch: Epoch,
    lost: z.object({ from: Seq, to: Seq }).nullable(),
  }),
  "room.presence": z.object({
    room: RoomId,
    count: z.int(),
    joined: z.array(
      z.object({ id: UserId, name: z.string(), kind: z.enum(["guest", "member", "bot"]) }),
    ),
    left: z.array(UserId),
  }),
  "room.typing": z.object({ room: RoomId, users: z.array(UserId) }),
  "room.closed": z.object({
    room: RoomId,
    reason: z.enum(["kicked", "banned", "archived", "removed"]),
    until: Time.nullable().optional(),
    /** With `kicked` and `banned`: why, by whom, and how to appeal. */
    sanction: SanctionNotice.optional(),
  }),
  "room.read": z.object({ room: RoomId, ...ReadState.shape }),
  "case.changed": z.object(CaseChanged.shape),
  "notice.added": z.object({ item: Notice }),
  "session.ended": z.object({
    reason: z.enum(["banned", "erased"]),
    sanction: SanctionNotice.optional(),
  }),
  "session.expiring": z.object({ at: Time }),
} satisfies Record<string, z.ZodType>;

export type PushName = keyof typeof pushes;
export type Push<N extends PushName> = z.infer<(typeof pushes)[N]>;
