import {
  MAX_LINE_CODE_POINTS,
  MAX_NAME_CODE_POINTS,
  MAX_TITLE_CODE_POINTS,
} from "../../../protocol/limits.ts";

/**
 * What a JSON Schema cannot say about a named shape. A description that the schema itself carries
 * (`.meta`) wins over the one here.
 */
export const shapeNotes: Readonly<Record<string, string>> = {
  UserId: "Who someone is: a UUIDv7.",
  RoomId: "Which room: a UUIDv7.",
  SanctionId: "Which sanction: a UUIDv7.",
  WebhookId: "Which webhook: a UUIDv7.",
  DeliveryId: "Which delivery of a webhook: a UUIDv7. It goes along as `webhook-id`.",
  ImportId: "Which import: a UUIDv7.",
  InviteId: "Which invitation: a UUIDv7.",
  InviteCode: "What an invitation is accepted with: 22 letters, digits, - and _.",
  SeenPerson: "Someone who spoke in a room while I was away.",
  Meeting: "Someone who keeps being there when I speak: on how many days, and in how many rooms.",
  Invite: "A way into a room for whoever has its code, which is shown once.",
  ClientId:
    "The sender's own id of one send, a UUID (v7 advised): its idempotency key for as long as the message exists.",
  RoomRef: "A room, by its id or by its slug.",
  Slug: "A room's short name in links: 2 to 63 of a-z, 0-9 and -. It must not look like an id.",
  ConversationId: "A conversation of a room: the seq of the message that began it.",
  Seq: "Position of a fact in its room's log. It only grows and never names two facts.",
  Position: "A seq, or 0 for the place before the first fact.",
  Epoch: "Generation of a room's hot log. It goes up only when the hot log was lost.",
  Cursor: "How far a client has read a room's log.",
  Time: "ISO 8601 in UTC with milliseconds.",
  DisplayName: `One line, 1 to ${MAX_NAME_CODE_POINTS} code points, NFC.`,
  Title: `One line, 1 to ${MAX_TITLE_CODE_POINTS} code points, NFC.`,
  Line: `1 to ${MAX_LINE_CODE_POINTS} code points, NFC.`,
  Emoji: "One emoji, as a person would pick it.",
  Tag: "1 to 32 of lower-case letters, digits and -.",
  User: "A person, as others see them.",
  Handle: "What others write after @: 3 to 30 of a-z, 0-9, - and _, beginning with a letter.",
  UserRef: "A person, by their id or by their handle.",
  ProfileLink: "An address on the web, as a profile shows it.",
  TimeZone: "A time zone of the IANA database, such as Europe/Berlin.",
  Profile: "All that a person says of themselves.",
  MyProfile:
    "My own profile. `meetings`: whether others may be shown me among the people they have met.",
  ProfileChanges: 'What may be changed of a profile. "" takes a line away.',
  Relation: "What someone is to the one who asks. Connected: each follows the other.",
  KnownProfile: "A profile, and what that person is to the one who asks.",
  Contact: "Someone I follow, or who follows me. The note is mine alone.",
  Block: "Someone I block.",
  DirectState: "Whether a conversation is agreed on, or asked for by one of two.",
  Direct: "A conversation of a few, as one of them sees it.",
  ReadRanges: "Ranges of seqs, both ends included.",
  ReadState:
    "What someone has read of a room, and what is left. Not counted are one's own messages, what was taken back, and what people say whom one blocks.",
  UnreadRoom: "What I have not read of a room, counted up to `head`: what is stored of it.",
  Author: "Who did something, with the name they had then.",
  Role: "What someone may do in a room, in ascending order.",
  Visibility:
    "Public rooms are listed, unlisted ones open with their link, private ones by invitation.",
  Room: "A conversation that never ends, and how lively it is now.",
  Speakers:
    "Who may speak: everyone; who has been a member for `settledSeconds`; moderators; or nobody but platform administrators.",
  Raid: "Raid mode, while it is on: it counts for nothing after `until`.",
  Door: "What someone may know of a private room that they may ask to join.",
  Trend: "Whether more is said in a room than before.",
  Weather: "How it is in a room just now. Pace and speakers are of the last 15 minutes.",
  RoomChanges: "What may be changed of a room.",
  NewRoom: "What a room starts with.",
  Sanction: "A mute, a kick or a ban. One without an end stands until it is lifted.",
  SanctionKind: "A mute silences, a kick removes once, a ban keeps out.",
  Notify: "What a member wants to hear of.",
  Membership: "What a room is to the one who asks.",
  Member: "A member, as the room's list shows them.",
  Presence: "Who is in a room now: the exact count, and a sample of faces.",
  Message: "A message as it is now. A removed one has no text.",
  Host: "A site by its host name, and all below it.",
  FilterAction:
    "Refuse it; hold it until a moderator has looked; let it pass and call the moderators; or refuse it and mute who said it for `muteSeconds`.",
  FilterRule:
    "Looks for one thing in what is said, in the form in which people see it: invisible characters, accents, case and look-alikes are folded away. `phrase`: whole words, `*` stands for any letters. `regex`: RE2 syntax, in any case. `links`: to a host of `deny`, to any host not in `allow`, or, with neither, to anywhere. `invites`: into other communities. `mentions`: of more people than this. `caps`: so many percent capitals among at least so many letters. `repeats`: said so many times before within so many seconds. Without `action` it refuses. Roles in `exempt` are not held to it. With `shadow` it only counts.",
  SearchHit:
    "A message that was found. `snippet` is a piece of its text as HTML: all of it escaped, what was found in <mark>.",
  Missed:
    "What happened between two positions. `until` is how far the room's digests have come: a second or so behind the head. Lists hold what matters most; how is in docs/MISSED.md.",
  FilterRules: "All rules of a room's filter.",
  Removal:
    "A clean-up: many messages that were removed at once, and until when that can be undone.",
  RemovedMessage: "A message that a clean-up is about, with its text.",
  FilterHits: "How often a rule was met since it has its name: in force, or on trial (`shadow`).",
  DryRunId: "Which dry run: a UUIDv7.",
  ErasureId: "Which erasing of a person: a UUIDv7.",
  DryRun:
    "A draft rule, tried on what was said: nothing happened to anyone. `most` are the people with the most hits, `samples` the newest messages that it hit, as they are now. Kept for a day.",
  CaseId: "Which case of the review queue: a UUIDv7.",
  CaseKind:
    "A message that was reported or that a rule called for; one that a rule holds back; or someone who asks to join.",
  CaseAction:
    "Of a message: dismiss the case, remove the message (which can be undone like any clean-up), or sanction its author. Of a held message: approve it, and it enters the log at that moment; refuse it; or sanction. Of someone who asks to join: approve or refuse.",
  ReportCategory: "What is wrong with a message.",
  Report: "My report of a message.",
  Case: "Something that moderators have to look at. However many report a message, it is one case. `texts`: what it said whenever it was reported, kept for 30 days after the case was resolved. `priority` says where its points come from; ten minutes of waiting are a point.",
  NoticeId: "Which notice: a UUIDv7.",
  NoticeKind: "What came of a report, of a message that was held back, or of asking to join.",
  Notice: "What came of something that I reported, said or asked for.",
  AuditId: "Which entry of the audit log: a UUIDv7.",
  AuditEntry:
    "Something that was done: by whom, to whom, at which seq of the log, by which rule, and why. Its hash covers it and the entry before it.",
  Webhook: "Somebody who is told of what happens in a room.",
  WebhookUrl: "Where a webhook goes: http or https.",
  Delivery: "One fact on its way to a webhook, or there.",
  Import: "A history that is brought along from elsewhere, into a room of its own.",
  ImportFormat: "What a history is written in; see docs/IMPORTS.md.",
  Fact: "One entry of a room's log. Its `type` says what happened.",
  ErrorCode: "Why something was refused.",
  ErrorReply: "The `error` of a socket reply.",
  Problem: "A refusal over REST (RFC 9457).",
  Empty: "Nothing beyond success itself.",
};
