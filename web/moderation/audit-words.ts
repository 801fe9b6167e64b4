/** What can have been done, as a choice. */
export const deeds: readonly (readonly [string, string])[] = [
  ["message.removed", "Messages removed"],
  ["messages.removed", "Clean-ups"],
  ["messages.restored", "Clean-ups undone"],
  ["member.muted", "Mutes"],
  ["member.unmuted", "Mutes lifted"],
  ["member.kicked", "People shown out"],
  ["member.banned", "Bans"],
  ["member.unbanned", "Bans lifted"],
  ["member.role", "Roles given"],
  ["room.updated", "Changes of the room"],
  ["filters.set", "Changes of the filter"],
  ["filter.hold", "Held by the filter"],
];

/** What someone did, without who they are; `whom` is "" where it was done to nobody. */
export function sentenceFor(action: string, whom: string): string {
  switch (action) {
    case "message.removed":
      return whom === "" ? "removed a message" : `removed a message of ${whom}`;
    case "messages.removed":
      return whom === "" ? "cleaned up" : `cleaned up after ${whom}`;
    case "messages.restored":
      return "took a clean-up back";
    case "member.muted":
      return `muted ${whom}`;
    case "member.unmuted":
      return `let ${whom} speak again`;
    case "member.kicked":
      return `showed ${whom} out`;
    case "member.banned":
      return `banned ${whom}`;
    case "member.unbanned":
      return `let ${whom} come back`;
    case "member.role":
      return `gave ${whom} a role`;
    case "room.updated":
      return "changed the room";
    case "filters.set":
      return "changed the filter";
    case "filter.hold":
      return `held a message of ${whom}`;
    default:
      // A newer server may do more than we have words for.
      return `${action.replaceAll(".", " ")} ${whom}`.trim();
  }
}
