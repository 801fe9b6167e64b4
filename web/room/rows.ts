import type {
  Fact,
  OutgoingMessage,
  RoomView,
  SendState,
  ViewMessage,
} from "../../client/index.ts";
import { startOfDay } from "../parts/day.ts";

/** One row of the list. */
export type Row =
  | { kind: "start"; key: string }
  | { kind: "older"; key: string }
  | { kind: "day"; key: string; at: string }
  | { kind: "unread"; key: string; count: number }
  | { kind: "notice"; key: string; fact: NoticeFact }
  | MessageRow
  | PendingRow;

export interface MessageRow {
  kind: "message";
  key: string;
  message: ViewMessage;
  /** By the same person and shortly after the one before: shown without their face. */
  follows: boolean;
  pinned: boolean;
  /** What became of mine; null for others' and for those from before. */
  state: SendState | null;
}

/** A message of mine that is not in the log yet. */
export interface PendingRow {
  kind: "pending";
  key: string;
  outgoing: OutgoingMessage;
  /** Its state when the row was made: the outgoing message itself moves on. */
  state: SendState;
  follows: boolean;
}

/** Facts that are shown as a line of their own. */
const noticed = [
  "message.pinned",
  "member.muted",
  "member.unmuted",
  "member.kicked",
  "member.banned",
  "member.unbanned",
  "member.role",
  "member.left",
  "messages.removed",
  "messages.restored",
  "room.updated",
] as const satisfies Fact["type"][];
export type NoticeFact = Extract<Fact, { type: (typeof noticed)[number] }>;

export interface RowsInput {
  view: RoomView;
  outgoing: readonly OutgoingMessage[];
  myId: string;
  /** Everything of mine up to here is stored. */
  storedSeq: number;
  lineAfter: number | null;
}

/** The rows of a room, oldest first. Pure: the same room gives the same rows. */
export function rowsOf({ view, outgoing, myId, storedSeq, lineAfter }: RowsInput): Row[] {
  const rows: Row[] = [
    view.start === 0 ? { kind: "start", key: "start" } : { kind: "older", key: "older" },
  ];
  const states = new Map(outgoing.map((mine) => [mine.clientId, mine.state]));
  const pins = new Set(view.pins);
  const notices = view.journal.filter(isNotice);
  let nextNotice = 0;
  let day = Number.NaN;
  let last: ViewMessage | null = null;
  // Where what is new begins before what is loaded, a line here would stand in the midst of it.
  let lineDrawn = lineAfter === null || lineAfter < view.start;

  const drawDay = (at: string) => {
    const today = startOfDay(Date.parse(at));
    if (today === day) return;
    day = today;
    last = null;
    rows.push({ kind: "day", key: `day-${today}`, at });
  };
  const drawNotices = (before: number) => {
    for (; nextNotice < notices.length; nextNotice += 1) {
      const fact = notices[nextNotice];
      if (fact === undefined || fact.seq > before) return;
      drawDay(fact.at);
      last = null;
      rows.push({ kind: "notice", key: `notice-${fact.seq}`, fact });
    }
  };

  for (const message of view.messages) {
    drawNotices(message.seq);
    drawDay(message.at);
    if (!lineDrawn && lineAfter !== null && message.seq > lineAfter && message.by.id !== myId) {
      lineDrawn = true;
      last = null;
      const count = view.messages.filter((m) => m.seq > lineAfter && m.by.id !== myId).length;
      rows.push({ kind: "unread", key: "unread", count });
    }
    const isMine = message.by.id === myId;
    rows.push({
      kind: "message",
      key: `${message.by.id}/${message.clientId}`,
      message,
      follows: last !== null && followsOn(last, message),
      pinned: pins.has(message.seq),
      state: isMine ? (states.get(message.clientId) ?? stateFrom(message.seq, storedSeq)) : null,
    });
    last = message;
  }
  drawNotices(Infinity);

  const shown = new Set(view.messages.slice(-RECENT).map(({ clientId }) => clientId));
  let follows = last !== null && last.by.id === myId;
  for (const mine of outgoing) {
    if (shown.has(mine.clientId)) continue;
    // Accepted, and older than what is loaded: it has its place in the log.
    if (mine.place !== undefined && mine.place.seq <= view.head) continue;
    const { state } = mine;
    rows.push({ kind: "pending", key: `${myId}/${mine.clientId}`, outgoing: mine, state, follows });
    follows = true;
  }
  return rows;
}

function stateFrom(seq: number, storedSeq: number): SendState {
  return seq <= storedSeq ? "stored" : "accepted";
}

function isNotice(fact: Fact): fact is NoticeFact {
  return (noticed as readonly string[]).includes(fact.type);
}

function followsOn(before: ViewMessage, message: ViewMessage): boolean {
  return (
    before.by.id === message.by.id &&
    message.replyTo === undefined &&
    Date.parse(message.at) - Date.parse(before.at) < TOGETHER_MS
  );
}

const TOGETHER_MS = 5 * 60_000;
/** Outgoing messages that were accepted are among the newest. */
const RECENT = 600;
