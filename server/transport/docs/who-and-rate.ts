import type { Rate, Who } from "../../../protocol/command.ts";

/** Who may give a command, for readers of the API pages. */
export const whoMay = {
  anyone: "Anyone, without a token",
  "signed-in": "Anyone signed in",
  reader: "Anyone who may see the room",
  speaker: "Anyone who may speak in the room",
  moderator: "Moderators and owners of the room",
  owner: "Owners of the room",
} as const satisfies Record<Who, string>;

/** Which limit a command counts against, for readers of the API pages. */
export const countsAs = {
  command: "a command",
  message: "a message",
  typing: "typing",
  guest: "a new guest",
  room: "a new room",
  report: "a report",
} as const satisfies Record<Rate, string>;
