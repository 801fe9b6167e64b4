import * as z from "zod";

import { type Command, route } from "./command.ts";
import { CaseId, RoomRef, Seq } from "./ids.ts";
import { after, list } from "./paged.ts";
import { Case, CaseAction, CaseKind, Notice, Report, ReportCategory } from "./reports.ts";
import { SanctionKind } from "./shapes.ts";
import { Line } from "./text.ts";

const room = { room: RoomRef };
const oneCase = { ...room, id: CaseId };
const CASE = "/rooms/:room/reports/:id";

const inQueue = {
  state: z.enum(["waiting", "resolved"]).default("waiting"),
  kind: CaseKind.optional(),
  category: ReportCategory.optional(),
  claim: z.enum(["mine", "free"]).optional(),
  ...after,
};

/** Commands about reports, and about the queue in which moderators review them. */
export const reportCommands = {
  "report:create": {
    summary:
      "Report a message to the room's moderators. Again, as long as they have not decided: the category and note that count are the last.",
    input: z.strictObject({
      ...room,
      seq: Seq,
      category: ReportCategory,
      note: Line.optional(),
    }),
    output: Report,
    who: "reader",
    rate: "report",
    socket: false,
    rest: route("POST", "/rooms/:room/reports", 201),
  },
  "report:list": {
    summary:
      "The room's review queue, the most urgent first; or what was resolved, the newest first. Cases about oneself are not in it.",
    input: z.strictObject({ ...room, ...inQueue }),
    output: list(Case),
    who: "moderator",
    rate: "command",
    socket: false,
    rest: route("GET", "/rooms/:room/reports"),
  },
  "report:queue": {
    summary: "The review queue over all rooms, for platform administrators.",
    input: z.strictObject(inQueue),
    output: list(Case),
    who: "signed-in",
    rate: "command",
    socket: false,
    rest: route("GET", "/reports"),
  },
  "report:get": {
    summary: "One case.",
    input: z.strictObject(oneCase),
    output: Case,
    who: "moderator",
    rate: "command",
    socket: false,
    rest: route("GET", CASE),
  },
  "report:claim": {
    summary:
      "Claim a case for a quarter of an hour, so that no two moderators work on it; again, for another.",
    input: z.strictObject(oneCase),
    output: Case,
    who: "moderator",
    rate: "command",
    socket: false,
    rest: route("POST", `${CASE}/claim`),
  },
  "report:release": {
    summary: "Give a case back that I have claimed.",
    input: z.strictObject(oneCase),
    output: Case,
    who: "moderator",
    rate: "command",
    socket: false,
    rest: route("DELETE", `${CASE}/claim`),
  },
  "report:resolve": {
    summary:
      "Resolve a case, with what is done about it: all of it or nothing. Who reported, spoke or asked is told; of a message that is refused and of someone who may not join, with the note.",
    input: z
      .strictObject({
        ...oneCase,
        action: CaseAction,
        note: Line.optional(),
        /** Goes with the action sanction; `note` is its reason when it names none. */
        sanction: z
          .strictObject({
            kind: SanctionKind,
            seconds: z.int().min(1).max(31_536_000).optional(),
            reason: Line.optional(),
            /** Of the last so many minutes: what they said then is removed. */
            removeMessages: z.int().min(1).max(10_080).optional(),
          })
          .optional(),
        /** With a sanction: whether the message goes, too. */
        removeMessage: z.boolean().default(false),
      })
      .refine(({ action, sanction }) => (action === "sanction") === (sanction !== undefined), {
        message: "It goes with the action sanction, and only with it",
        path: ["sanction"],
      })
      .refine(
        ({ sanction, note }) => sanction === undefined || (sanction.reason ?? note) !== undefined,
        {
          message: "A sanction needs a reason, or a note",
          path: ["sanction", "reason"],
        },
      ),
    output: Case,
    who: "moderator",
    rate: "command",
    socket: false,
    rest: route("POST", `${CASE}/resolve`),
  },
  "notice:list": {
    summary: "What came of what I reported, said or asked for, the newest first.",
    input: z.strictObject({ ...after }),
    output: list(Notice),
    who: "signed-in",
    rate: "command",
    socket: false,
    rest: route("GET", "/notices"),
  },
} as const satisfies Record<string, Command>;
