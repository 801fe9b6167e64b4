import * as z from "zod";

import { type Command, route } from "./command.ts";
import { RoomRef } from "./ids.ts";
import { MAX_RAID_SECONDS, MAX_SLOW_MODE_SECONDS } from "./limits.ts";
import { Door, Room } from "./shapes.ts";
import { Line } from "./text.ts";

const room = { room: RoomRef };

/** Commands about who may come in and speak. */
export const roomControlCommands = {
  "raid:begin": {
    summary:
      "Raid mode, with one switch: slow mode, no links, and who is new may only read. It ends by itself; again, it begins anew.",
    input: z.strictObject({
      ...room,
      seconds: z.int().min(1).max(MAX_RAID_SECONDS).default(3_600),
      slowModeSeconds: z.int().min(0).max(MAX_SLOW_MODE_SECONDS).default(30),
      /** Who came in the last so many minutes counts as new, too. */
      newMinutes: z.int().min(0).max(10_080).default(10),
    }),
    output: Room,
    who: "moderator",
    rate: "command",
    socket: false,
    rest: route("PUT", "/rooms/:room/raid"),
  },
  "raid:end": {
    summary: "End raid mode before its time.",
    input: z.strictObject(room),
    output: Room,
    who: "moderator",
    rate: "command",
    socket: false,
    rest: route("DELETE", "/rooms/:room/raid"),
  },
  "join:door": {
    summary: "What stands on the door of a private room that one may ask to join.",
    input: z.strictObject(room),
    output: Door,
    who: "signed-in",
    rate: "command",
    socket: false,
    rest: route("GET", "/rooms/:room/door"),
  },
  "join:ask": {
    summary:
      "Ask to join a private room, with a line; its moderators find it in their queue, and I am told what they say.",
    input: z.strictObject({ ...room, line: Line.optional() }),
    output: Door,
    who: "signed-in",
    rate: "report",
    socket: false,
    rest: route("POST", "/rooms/:room/door", 201),
  },
} as const satisfies Record<string, Command>;
