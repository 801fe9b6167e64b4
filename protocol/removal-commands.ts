import * as z from "zod";

import { type Command, route } from "./command.ts";
import { RoomRef, Seq, Time, UserId } from "./ids.ts";
import { after, list } from "./paged.ts";
import { Removal, RemovedMessage } from "./shapes.ts";
import { Line } from "./text.ts";

const room = { room: RoomRef };
const oneRemoval = { ...room, seq: Seq };

/** A clean-up of a whole room must not be a forgotten field away. */
const namesSomeMessages = (input: Record<string, unknown>) =>
  ["author", "from", "to", "pattern", "since"].some((name) => input[name] !== undefined);

/** Commands about clean-ups: many messages removed by one fact. */
export const removalCommands = {
  "removal:create": {
    summary:
      "Remove many messages at once, by author, by range, by pattern, since a time: one fact, and it can be undone. With `preview`, only count them.",
    input: z
      .strictObject({
        ...room,
        reason: Line,
        author: UserId.optional(),
        from: Seq.optional(),
        to: Seq.optional(),
        pattern: Line.optional(),
        since: Time.optional(),
        preview: z.boolean().default(false),
      })
      .refine(namesSomeMessages, {
        message: "Name an author, a range, a pattern or a time",
        path: ["author"],
      }),
    output: z.object({
      count: z.int(),
      sample: z.array(RemovedMessage).optional(),
      seq: Seq.optional(),
      undoUntil: Time.optional(),
    }),
    who: "moderator",
    rate: "command",
    socket: false,
    rest: route("POST", "/rooms/:room/removals"),
  },
  "removal:list": {
    summary: "Clean-ups of a room, the newest first.",
    input: z.strictObject({ ...room, ...after }),
    output: list(Removal),
    who: "moderator",
    rate: "command",
    socket: false,
    rest: route("GET", "/rooms/:room/removals"),
  },
  "removal:texts": {
    summary: "What a clean-up removed, as long as it can be undone.",
    input: z.strictObject({ ...oneRemoval, ...after }),
    output: list(RemovedMessage),
    who: "moderator",
    rate: "command",
    socket: false,
    rest: route("GET", "/rooms/:room/removals/:seq"),
  },
  "removal:undo": {
    summary: "Undo a clean-up: its messages are back as they were.",
    input: z.strictObject({ ...oneRemoval, reason: Line.optional() }),
    output: z.object({ seq: Seq }),
    who: "moderator",
    rate: "command",
    socket: false,
    rest: route("POST", "/rooms/:room/removals/:seq/undo"),
  },
} as const satisfies Record<string, Command>;
