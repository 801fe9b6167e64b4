import type { CommandInput } from "../protocol/commands.ts";
import type { ErrorReply } from "../protocol/errors.ts";
import type { Fact } from "../protocol/facts.ts";
import type { Cursor } from "../protocol/ids.ts";
import type { ReadRanges, ReadState } from "../protocol/shapes.ts";
import { atItsWord } from "./at-its-word.ts";
import { backoffMs, retryPolicy } from "./backoff.ts";
import { noTimer } from "./clock.ts";
import { deferred } from "./deferred.ts";
import { createEmitter } from "./emitter.ts";
import {
  enterInput,
  newFeed,
  stepFeed,
  type EnterReply,
  type FeedEffect,
  type FeedInput,
} from "./feed.ts";
import { given } from "./given.ts";
import { inTurn } from "./in-turn.ts";
import { keepView } from "./keep-view.ts";
import type { EnterOptions, RoomClosed, RoomEvents, RoomHandle } from "./room-handle.ts";
import type { RoomLine } from "./room-line.ts";
import { closedBy, updatePresence, type RoomPush } from "./room-push.ts";
import { runOutbox } from "./run-outbox.ts";

/** A room as its client holds it: the app's handle, and what happens to it. */
export interface OpenRoom {
  handle: RoomHandle;
  connected(): void;
  disconnected(): void;
  pushed(push: RoomPush): void;
  /** The client is closed: nothing more will come. */
  abandon(error: ErrorReply): void;
}

/** Opens a room: its feed, its outbox and its view, tied to one line. */
export function openRoom(line: RoomLine, ref: string, options: EnterOptions): OpenRoom {
  const { clock, random } = line;
  const { since = null, maxViewFacts = 10_000, catchUp, limit, lurk } = options;
  const how = given({ catchUp, limit, lurk });
  const events = createEmitter<RoomEvents>();
  const act = inTurn();
  const entered = deferred();
  let feed = newFeed(since);
  let reply: EnterReply | null = null;
  let presence: EnterReply["presence"] = { count: 0, users: [] };
  let read: ReadState | null = null;
  let stored: Cursor | null = null;
  let cancelEnter = noTimer;
  let typedAt = -Infinity;

  const roomCall: RoomHandle["call"] = (name, input) =>
    line.call(name, atItsWord<CommandInput<typeof name>>({ ...input, room: ref }));

  const kept = keepView({
    start: since?.seq ?? 0,
    maxFacts: maxViewFacts,
    read: (page) => roomCall("room:history", page),
    onChange: (view) => events.emit("view", view),
  });

  const outbox = runOutbox({
    room: ref,
    line,
    act,
    onChange: (message) => events.emit("outgoing", message),
  });

  const step = (input: FeedInput) =>
    act(() => {
      const { phase } = feed;
      const next = stepFeed(feed, input);
      feed = next.feed;
      for (const effect of next.effects) act(() => carryOut(effect));
      if (feed.phase !== phase) act(() => events.emit("state", feed.phase));
    });

  const carryOut = (effect: FeedEffect) => {
    switch (effect.type) {
      case "enter":
        return enter(effect);
      case "entered":
        return takeReply(effect.reply, effect.since);
      case "began":
        return kept.begin(effect.at);
      case "reset":
        kept.reset(effect.to);
        return events.emit("reset", { to: effect.to });
      case "skipped": {
        const { from, to, count } = effect;
        kept.begin(to);
        return events.emit("skipped", { from, to, count });
      }
      case "facts":
        return takeFacts(effect.facts, effect.epoch, effect.live);
      case "live":
        kept.live();
        return entered.resolve();
      case "grace":
        return void clock.after(HEAD_GRACE_MS, () => step({ type: "graceOver" }));
      case "closed":
        return close(closedBy(effect.reason));
    }
  };

  const enter = ({
    request,
    since: cursor,
    failures,
    hintMs,
  }: Extract<FeedEffect, { type: "enter" }>) => {
    cancelEnter();
    kept.catchUpFrom(cursor?.seq ?? kept.view.start);
    const ask = () =>
      line.request("room:enter", enterInput(ref, cursor, how), (answer) => {
        if (answer.ok) {
          return step({ type: "entered", request, reply: atItsWord<EnterReply>(answer.data) });
        }
        step({ type: "refused", request, error: answer.error });
        if (answer.error.code === "unauthenticated") line.signInAgain();
      });
    if (failures === 0 && hintMs === undefined) return ask();
    const wait = backoffMs(retryPolicy, { failures, random, ...given({ hintMs }) });
    cancelEnter = clock.after(wait, ask);
  };

  const takeReply = (page: EnterReply, cursor: Cursor | null) => {
    const { epoch, resetTo } = page;
    reply = page;
    // Also when nothing that was read is void: what was replayed may show an edit that is lost.
    if (cursor !== null && cursor.epoch !== epoch) kept.reset(kept.view.head);
    outbox.step({
      type: "entered",
      epoch,
      stored: page.stored,
      since: cursor,
      ...given({ resetTo }),
    });
    markStored({ epoch, seq: page.stored });
    showPresence(page.presence);
    showRead(page.me);
  };

  const takeFacts = (facts: readonly Fact[], epoch: number, live: boolean) => {
    for (const fact of facts) {
      if (fact.type !== "message.sent" || fact.by.id !== line.userId) continue;
      outbox.step({ type: "seen", clientId: fact.clientId, place: { epoch, seq: fact.seq } });
    }
    kept.apply(facts);
    events.emit("facts", { facts, live });
  };

  const markStored = (mark: Cursor) => {
    const known = stored ?? { epoch: -1, seq: -1 };
    if (mark.epoch < known.epoch || (mark.epoch === known.epoch && mark.seq <= known.seq)) return;
    stored = mark;
    events.emit("stored", mark);
  };

  const showPresence = (next: EnterReply["presence"]) => {
    presence = next;
    events.emit("presence", presence);
  };

  /** Another device, or an answer that was overtaken, may know of what was read later. */
  const showRead = (next: ReadState) => {
    if (next.readRevision < (read?.readRevision ?? 0)) return;
    read = readStateOf(next);
    events.emit("read", read);
  };

  const mark = async (name: "room:read" | "room:unread", what: number | ReadRanges) => {
    const answer = await roomCall(
      name,
      typeof what === "number" ? { seq: what } : { ranges: what },
    );
    act(() => showRead(answer));
    return answer.changed;
  };

  const close = (closed: RoomClosed) => {
    cancelEnter();
    const error = closed.refusal.toReply();
    outbox.step({ type: "closed", error });
    act(() => {
      outbox.abandon(error);
      entered.reject(closed.refusal);
      line.forget();
      events.emit("closed", closed);
    });
  };

  const pushed = ({ name, data }: RoomPush): void => {
    switch (name) {
      case "room.events":
        return step({ type: "events", push: data });
      case "room.head":
        return step({ type: "head", push: data });
      case "room.reset":
        outbox.step({ type: "reset", epoch: data.epoch, lost: data.lost });
        return step({ type: "reset", push: data });
      case "room.stored":
        outbox.step({ type: "stored", epoch: data.epoch, seq: data.seq });
        return act(() => markStored({ epoch: data.epoch, seq: data.seq }));
      case "room.presence":
        return act(() => showPresence(updatePresence(presence, data)));
      case "room.typing":
        return act(() => events.emit("typing", data.users));
      case "room.read":
        return act(() => showRead(data));
      case "room.closed":
        return step({ type: "closed", push: data });
    }
  };

  // What an earlier page left behind is older than all of this one: nothing goes out before.
  let loading = outbox.load() ?? null;
  let isConnected = false;
  const loaded = async () => {
    await loading;
    loading = null;
    if (isConnected) step({ type: "connected" });
  };
  if (loading !== null) void loaded();

  return {
    connected() {
      isConnected = true;
      if (loading === null) step({ type: "connected" });
    },
    disconnected() {
      isConnected = false;
      cancelEnter();
      step({ type: "disconnected" });
      outbox.step({ type: "disconnected" });
    },
    pushed,
    abandon(error) {
      outbox.abandon(error);
      entered.reject(closedBy(error).refusal);
    },
    handle: {
      ref,
      on: events.on,
      entered: entered.promise,
      get state() {
        return feed.phase;
      },
      get room() {
        return reply?.room ?? null;
      },
      get id() {
        return feed.room;
      },
      get me() {
        return reply === null ? null : { ...reply.me, ...read };
      },
      get cursor() {
        return feed.cursor;
      },
      get stored() {
        return stored;
      },
      get presence() {
        return presence;
      },
      get view() {
        return kept.view;
      },
      get outgoing() {
        return outbox.outgoing;
      },
      send(text, { replyTo } = {}) {
        const message = outbox.send(text, replyTo);
        if (feed.phase === "closed") outbox.step({ type: "closed", error: OVER });
        return message;
      },
      call: roomCall,
      typing() {
        if (feed.phase !== "live" || clock.now() - typedAt < TYPING_EVERY_MS) return;
        typedAt = clock.now();
        line.request("typing:start", { room: ref }, () => {});
      },
      markRead: (what) => mark("room:read", what),
      markUnread: (what) => mark("room:unread", what),
      history: (page = {}) => kept.history(page),
      leave() {
        if (feed.phase === "closed") return;
        step({ type: "left" });
        act(() => {
          close(closedBy("left"));
          line.leave();
        });
      },
    },
  };
}

function readStateOf({
  lastReadSeq,
  readRanges,
  readRevision,
  unread,
  mentions,
  firstUnread,
}: ReadState): ReadState {
  return { lastReadSeq, readRanges, readRevision, unread, mentions, firstUnread };
}

/** A head may be told an instant before its facts. */
const HEAD_GRACE_MS = 500;
const TYPING_EVERY_MS = 2_000;
const OVER: ErrorReply = { code: "forbidden", message: "The room is closed to you" };
