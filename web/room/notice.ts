import type { OpenRoom } from "./open-room.ts";
import type { NoticeFact } from "./rows.ts";

/** What happened, as a sentence. */
export function noticeOf(fact: NoticeFact, room: OpenRoom): string {
  const by = fact.by.name;
  const named = (id: string) => room.people.value.get(id)?.name ?? "someone";
  const because = "reason" in fact && fact.reason !== undefined ? `: ${fact.reason}` : "";
  switch (fact.type) {
    case "message.pinned":
      return `${by} pinned a message`;
    case "member.muted":
      return `${by} muted ${named(fact.user)}${because}`;
    case "member.unmuted":
      return `${by} lets ${named(fact.user)} speak again`;
    case "member.kicked":
      return `${by} showed ${named(fact.user)} out${because}`;
    case "member.banned":
      return `${by} banned ${named(fact.user)}${because}`;
    case "member.unbanned":
      return `${by} lets ${named(fact.user)} come back`;
    case "member.role":
      return `${by} made ${named(fact.user)} ${fact.role === "owner" ? "an owner" : `a ${fact.role}`}`;
    case "member.left":
      return `${by} left for good`;
    case "messages.removed":
      return `${by} cleaned up${because}`;
    case "messages.restored":
      return `${by} took a clean-up back`;
    case "room.updated":
      return `${by} ${changeOf(fact)}`;
  }
}

function changeOf({ changes }: Extract<NoticeFact, { type: "room.updated" }>): string {
  if (changes.title !== undefined) return `called the room “${changes.title}”`;
  if (changes.topic !== undefined) return `set the topic: ${changes.topic}`;
  if (changes.archivedAt !== undefined) return "closed the room";
  if (changes.raid !== undefined) {
    return changes.raid === null ? "ended raid mode" : "switched raid mode on";
  }
  if (changes.speakers !== undefined) return speakersWords[changes.speakers];
  if (changes.locked !== undefined) return changes.locked ? "locked the room" : "unlocked the room";
  if (changes.slowModeSeconds !== undefined) {
    return changes.slowModeSeconds === 0
      ? "ended slow mode"
      : `set slow mode to ${changes.slowModeSeconds} s`;
  }
  return "changed the room";
}

const speakersWords = {
  everyone: "lets everyone speak",
  settled: "lets those speak who have been here for a while",
  moderators: "locked the room",
  nobody: "locked the room for everyone",
} as const;
