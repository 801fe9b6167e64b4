export { createClient, type Client, type ClientEvents, type ClientOptions } from "./client.ts";
export type { Clock } from "./clock.ts";
export type { ConnectionState } from "./connection.ts";
export { dropIn, type DroppedIn } from "./drop-in.ts";
export type { Listenable } from "./emitter.ts";
export type { OutboxStorage } from "./outbox-store.ts";
export type { OutgoingMessage } from "./outgoing.ts";
export type { EnterOptions, RoomClosed, RoomEvents, RoomHandle } from "./room-handle.ts";
export {
  applyFact,
  applyFacts,
  doubtful,
  emptyView,
  prependFacts,
  refreshFacts,
  resetTo,
  trimView,
} from "./room-view.ts";
export type { SendState } from "./send.ts";
export type { Transport, TransportEvents, TransportLink } from "./transport.ts";
export { askAsVisitor, type VisitorCommand, whoIs } from "./visitor.ts";
export type { Reaction, Removal, RoomView, Standing, ViewMessage } from "./view-model.ts";
export { errorTable, Refusal, type ErrorCode } from "../protocol/errors.ts";
export type { CommandInput, CommandName, CommandOutput } from "../protocol/commands.ts";
export type { Fact, FactOf, FactType } from "../protocol/facts.ts";
export {
  MAX_LINE_CODE_POINTS,
  MAX_NAME_CODE_POINTS,
  MAX_PROFILE_LINKS,
  MAX_TEXT_CODE_POINTS,
  MAX_TITLE_CODE_POINTS,
} from "../protocol/limits.ts";
export type {
  Block,
  Contact,
  Direct,
  Invite,
  KnownProfile,
  Meeting,
  MyProfile,
  Profile,
  ProfileLink,
  Relation,
  SeenPerson,
} from "../protocol/people.ts";
export type { Case, Notice, ReportCategory } from "../protocol/reports.ts";
export type {
  Member,
  Membership,
  Presence,
  ReadRanges,
  ReadState,
  Role,
  Room,
  Sanction,
  SearchHit,
  Speakers,
  UnreadRoom,
  User,
  Weather,
} from "../protocol/shapes.ts";
