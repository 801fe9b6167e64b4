import * as z from "zod";

import { CaseId, ClientId, NoticeId, RoomId, Seq, Time, UserId } from "./ids.ts";
import { Author } from "./shapes.ts";

/** What is wrong with a message. */
export const ReportCategory = z.enum([
  "spam",
  "harassment",
  "hate",
  "violence",
  "sexual",
  "self_harm",
  "personal_data",
  "other",
]);
export type ReportCategory = z.infer<typeof ReportCategory>;

/** What I reported. */
export const Report = z.object({
  id: CaseId,
  seq: Seq,
  category: ReportCategory,
  note: z.string().optional(),
  at: Time,
});
export type Report = z.infer<typeof Report>;

export const CaseKind = z.enum(["message", "held", "join"]);
export type CaseKind = z.infer<typeof CaseKind>;

/** What moderators may do about a case; which of it fits depends on its kind. */
export const CaseAction = z.enum(["dismiss", "remove", "sanction", "approve", "refuse"]);
export type CaseAction = z.infer<typeof CaseAction>;

/** Something that moderators have to look at. */
export const Case = z.object({
  id: CaseId,
  room: RoomId,
  kind: CaseKind,
  author: Author,
  seq: Seq.optional(),
  texts: z.array(z.object({ text: z.string(), at: Time })),
  rule: z.string().optional(),
  /** How many people reported it, and how often as what. */
  reporters: z.int(),
  categories: z.partialRecord(ReportCategory, z.int()),
  /** The newest of them. */
  reports: z.array(
    z.object({ by: Author, category: ReportCategory, note: z.string().optional(), at: Time }),
  ),
  priority: z.object({
    points: z.int(),
    why: z.array(z.object({ what: z.string(), points: z.int() })),
  }),
  openedAt: Time,
  claim: z.object({ by: Author, until: Time }).optional(),
  resolution: z
    .object({ by: Author, at: Time, action: CaseAction, note: z.string().optional() })
    .optional(),
});
export type Case = z.infer<typeof Case>;

/** What the moderators of a room are pushed about its queue. */
export const CaseChanged = z.object({
  room: RoomId,
  id: CaseId,
  kind: CaseKind,
  change: z.enum(["opened", "reported", "claimed", "released", "resolved"]),
  by: UserId.optional(),
  /** Cases of the room that are not resolved. */
  waiting: z.int(),
});
export type CaseChanged = z.infer<typeof CaseChanged>;

export const NoticeKind = z.enum([
  "report.resolved",
  "held.approved",
  "held.refused",
  "join.approved",
  "join.refused",
]);

/** What someone is told about what they reported, said or asked for. */
export const Notice = z.object({
  id: NoticeId,
  kind: NoticeKind,
  room: RoomId,
  at: Time,
  /** Of a report: the message, and what came of it. */
  seq: Seq.optional(),
  outcome: z.enum(["dismissed", "removed", "sanctioned"]).optional(),
  /** Of a message that was held back. */
  clientId: ClientId.optional(),
  note: z.string().optional(),
});
export type Notice = z.infer<typeof Notice>;
