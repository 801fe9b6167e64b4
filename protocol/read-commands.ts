import * as z from "zod";

import { type Command, route } from "./command.ts";
import { Position, RoomRef, Seq } from "./ids.ts";
import { MAX_UNREAD_ROOMS } from "./limits.ts";
import { list } from "./paged.ts";
import { ReadRanges, ReadState, UnreadRoom } from "./shapes.ts";

const room = { room: RoomRef };
const changed = ReadState.extend({ changed: ReadRanges });

const oneOfBoth = ({ seq, ranges }: { seq?: unknown; ranges?: unknown }) =>
  (seq === undefined) !== (ranges === undefined);
const oneOnly = { message: "Name seq or ranges", path: ["ranges"] };

/** Commands about what I have read. */
export const readCommands = {
  "room:read": {
    summary:
      "I have read all up to `seq`, or just what lies in `ranges`. What `changed` is undone with `room:unread`.",
    input: z
      .strictObject({ ...room, seq: Position.optional(), ranges: ReadRanges.min(1).optional() })
      .refine(oneOfBoth, oneOnly),
    output: changed,
    who: "reader",
    rate: "command",
    socket: true,
    rest: route("PUT", "/rooms/:room/read"),
  },
  "room:unread": {
    summary:
      "Mark as unread: all from `seq` on, or just what lies in `ranges`. What `changed` is undone with `room:read`.",
    input: z
      .strictObject({ ...room, seq: Seq.optional(), ranges: ReadRanges.min(1).optional() })
      .refine(oneOfBoth, oneOnly),
    output: changed,
    who: "reader",
    rate: "command",
    socket: true,
    rest: route("PUT", "/rooms/:room/unread"),
  },
  "unread:list": {
    summary: "What I have not read in the rooms I am in, as far as it is stored.",
    input: z.strictObject({
      cursor: z.string().max(200).optional(),
      limit: z.int().min(1).max(MAX_UNREAD_ROOMS).default(MAX_UNREAD_ROOMS),
    }),
    output: list(UnreadRoom),
    who: "signed-in",
    rate: "command",
    socket: true,
    rest: route("GET", "/unread"),
  },
} as const satisfies Record<string, Command>;
