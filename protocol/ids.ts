import * as z from "zod";

/** Who someone is: UUIDv7. */
export const UserId = z.uuid().brand<"UserId">();
export type UserId = z.infer<typeof UserId>;

/** Which room: UUIDv7. */
export const RoomId = z.uuid().brand<"RoomId">();
export type RoomId = z.infer<typeof RoomId>;

/** Eddy itself, where someone must have acted and no person did. */
export const EDDY = UserId.parse("00000000-0000-0000-0000-000000000000");

/** Which sanction: UUIDv7. */
export const SanctionId = z.uuid().brand<"SanctionId">();
export type SanctionId = z.infer<typeof SanctionId>;

/** Which import: UUIDv7. */
export const ImportId = z.uuid().brand<"ImportId">();
export type ImportId = z.infer<typeof ImportId>;

/** Which entry of the audit log: UUIDv7. */
export const AuditId = z.uuid().brand<"AuditId">();
export type AuditId = z.infer<typeof AuditId>;

/** Which dry run of a filter's rule: UUIDv7. */
export const DryRunId = z.uuid().brand<"DryRunId">();
export type DryRunId = z.infer<typeof DryRunId>;

/** Which erasing of a person: UUIDv7. */
export const ErasureId = z.uuid().brand<"ErasureId">();
export type ErasureId = z.infer<typeof ErasureId>;

/** Which case of the review queue: UUIDv7. */
export const CaseId = z.uuid().brand<"CaseId">();
export type CaseId = z.infer<typeof CaseId>;

/** Which notice: UUIDv7. */
export const NoticeId = z.uuid().brand<"NoticeId">();
export type NoticeId = z.infer<typeof NoticeId>;

/** Which invitation: UUIDv7. */
export const InviteId = z.uuid().brand<"InviteId">();
export type InviteId = z.infer<typeof InviteId>;

/** What an invitation is accepted with: 128 random bits, known only to who was given them. */
export const InviteCode = z
  .string()
  .regex(/^[\w-]{22}$/u, "An invitation's code")
  .brand<"InviteCode">();
export type InviteCode = z.infer<typeof InviteCode>;

/** Which webhook: UUIDv7. */
export const WebhookId = z.uuid().brand<"WebhookId">();
export type WebhookId = z.infer<typeof WebhookId>;

/** Which delivery of a webhook: UUIDv7. Its `webhook-id`. */
export const DeliveryId = z.uuid().brand<"DeliveryId">();
export type DeliveryId = z.infer<typeof DeliveryId>;

/** The sender's own id of one send: the idempotency key for as long as the message exists. */
export const ClientId = z.uuid().toLowerCase().brand<"ClientId">();
export type ClientId = z.infer<typeof ClientId>;

/** The time inside a UUIDv7, in milliseconds since 1970 by its maker's clock; 0 for other UUIDs. */
export function timeInside(id: string): number {
  return id[14] === "7" ? Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16) : 0;
}

/** A room's short name in links. One that looks like a UUID would be taken for an id. */
export const Slug = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{1,62}$/u, "2 to 63 of a-z, 0-9 and -, not starting with -")
  .refine((slug) => !looksLikeId(slug), { message: "A slug must not look like an id" });

/** A room, by id or by slug. */
export const RoomRef = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{1,62}$/u, "A room's id or slug")
  .brand<"RoomRef">();
export type RoomRef = z.infer<typeof RoomRef>;

const ID_SHAPE = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/u;

/** Whether a room reference names an id rather than a slug. */
export function looksLikeId(ref: string): ref is RoomId {
  return ID_SHAPE.test(ref);
}

/** Position of a fact in its room's log. */
export const Seq = z.int().min(1).max(Number.MAX_SAFE_INTEGER);
/** A conversation of a room: the seq of the message that began it. */
export const ConversationId = z
  .string()
  .regex(/^[1-9][0-9]{0,15}$/u, "The seq of its first message");
/** A position between facts: 0 is before the first. */
export const Position = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
/** Generation of a room's hot log. */
export const Epoch = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
/** How far a client has read a room's log. */
export const Cursor = z.strictObject({ epoch: Epoch, seq: Position });
export type Cursor = z.infer<typeof Cursor>;

/** ISO 8601 in UTC with milliseconds. */
export const Time = z.iso.datetime({ precision: 3 });
