import type { FactType, PushName } from "../../../protocol/facts.ts";

/** What each fact means, in a sentence. */
export const factSentences = {
  "message.sent": "Someone said something.",
  "message.edited": "An author changed the text of a message.",
  "message.removed": "A message was taken back, by its author or a moderator.",
  "messages.removed": "A clean-up took back many messages at once.",
  "messages.restored": "A clean-up was undone.",
  "reaction.added": "Someone reacted to a message.",
  "reaction.removed": "Someone took their reaction back.",
  "message.pinned": "A message was pinned.",
  "message.unpinned": "A message was unpinned.",
  "message.moved": "A message was moved to another conversation, by its author or a moderator.",
  "member.muted": "Someone may not speak until a time, or until unmuted.",
  "member.unmuted": "They may speak again.",
  "member.kicked": "Someone was put out of the room once.",
  "member.banned": "Someone may not enter until a time, or until unbanned.",
  "member.unbanned": "They may enter again; with `expiredAt`, because the ban ran out.",
  "member.role": "Someone has a new role.",
  "member.left": "Someone left for good: they are a member no more.",
  "room.updated": "The room changed: only what changed is named.",
} as const satisfies Record<FactType, string>;

/** What each push means, in a sentence. */
export const pushSentences = {
  "room.events":
    "One or many facts, in order. `prev` is the seq just before the first: who holds less than it enters again with their cursor.",
  "room.stored": "Everything up to seq is committed. Drop your outbox up to there.",
  "room.head":
    "From time to time in quiet rooms, so that losing the very last fact is noticed too.",
  "room.reset":
    "The hot log lost facts that were accepted but not stored: enter again with your cursor.",
  "room.presence":
    "Who came and went, at most once a second. The count is exact, the faces a sample.",
  "room.typing": "Who is typing now.",
  "room.closed": "You are no longer in the room.",
  "room.read":
    "I read something of a room, or marked it as unread, on this connection or another one of mine.",
  "case.changed":
    "To a room's moderators: something came into its review queue, or was claimed, given back or resolved.",
  "notice.added": "What came of something that you reported, said or asked for.",
  "session.ended":
    "You may not be on this platform any more: you are banned from it, or were erased. The socket is closed.",
  "session.expiring": "Your token ends at this time: send `session:renew` with a newer one.",
} as const satisfies Record<PushName, string>;
