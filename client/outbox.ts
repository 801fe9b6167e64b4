import { errorTable, type ErrorReply } from "../protocol/errors.ts";
import type { Cursor } from "../protocol/ids.ts";
import { given } from "./given.ts";
import {
  revise,
  reviseOne,
  set,
  type Outbox,
  type OutboxEffect,
  type Turn,
} from "./outbox-turn.ts";
import { accepted, failed, isPending, newSend, requeued, type Send } from "./send.ts";

export type OutboxInput =
  | { type: "send"; clientId: string; text: string; replyTo?: number }
  /** What an earlier page left behind; older than anything said in this one. Before entering. */
  | { type: "loaded"; sends: readonly Send[] }
  /** `room:enter` was answered. `resetTo` is about the epoch of `since`. */
  | { type: "entered"; epoch: number; stored: number; since: Cursor | null; resetTo?: number }
  | { type: "disconnected" }
  | { type: "accepted"; clientId: string; place: Cursor }
  | { type: "refused"; clientId: string; attempt: number; error: ErrorReply }
  /** No answer in time: it may be in the log or not. */
  | { type: "unanswered"; clientId: string; attempt: number }
  /** A fact of mine came by: as good as an answer. */
  | { type: "seen"; clientId: string; place: Cursor }
  | { type: "stored"; epoch: number; seq: number }
  | { type: "reset"; epoch: number; lost: { from: number; to: number } | null }
  | { type: "holdOver" }
  /** The room is closed to us: what was not accepted has failed. */
  | { type: "closed"; error: ErrorReply }
  /** The app's wish for a failed one: try again, behind the others. */
  | { type: "retry"; clientId: string }
  /** The app's wish: forget it, whatever its state. */
  | { type: "discard"; clientId: string };

/** An empty outbox that has not entered yet. */
export function newOutbox(window = 1): Outbox {
  return {
    entries: [],
    window,
    open: false,
    held: false,
    refusals: 0,
    epoch: -1,
    mark: null,
  };
}

/** The outbox after one input, and what is to be done about it. Pure. */
export function stepOutbox(
  outbox: Outbox,
  input: OutboxInput,
): { outbox: Outbox; effects: OutboxEffect[] } {
  const turn: Turn = { outbox, effects: [] };
  react(turn, input);
  pump(turn);
  return turn;
}

function react(turn: Turn, input: OutboxInput): void {
  switch (input.type) {
    case "send":
      return add(turn, input);
    case "loaded":
      return load(turn, input.sends);
    case "entered":
      return enter(turn, input);
    case "disconnected":
      set(turn, { open: false, held: false });
      return revise(turn, (send) => (send.state === "sent" ? requeued(send) : send));
    case "accepted":
    case "seen":
      return accept(turn, input);
    case "refused":
      return refuse(turn, input);
    case "unanswered":
      if (!isUnderWay(turn, input)) return;
      reviseOne(turn, input.clientId, requeued);
      return hold(turn);
    case "stored":
      learnEpoch(turn, input.epoch, () => false);
      return settle(turn, input);
    case "reset":
      return reset(turn, input);
    case "holdOver":
      return set(turn, { held: false });
    case "closed":
      set(turn, { open: false, held: false });
      return revise(turn, (send) => (isPending(send) ? failed(send, input.error) : send));
    case "retry":
      return retry(turn, input.clientId);
    case "discard":
      return set(turn, {
        entries: turn.outbox.entries.filter(({ clientId }) => clientId !== input.clientId),
      });
  }
}

/** Sends what may go out: oldest first, no more than the window unanswered. */
function pump(turn: Turn): void {
  const { open, held, window, entries } = turn.outbox;
  const next = entries.find(({ state }) => state === "queued");
  if (!open || held || next === undefined) return;
  const underWay = entries.filter(({ state }) => state === "sent").length;
  // What goes out again waits for all answers: one of them might send something older back.
  if (next.attempt > 0 && underWay > 0) return;
  let room = window - underWay;
  const out: Send[] = [];
  revise(turn, (send) => {
    if (send.state !== "queued" || room <= 0) return send;
    room -= 1;
    const sent: Send = { ...send, state: "sent", attempt: send.attempt + 1 };
    out.push(sent);
    return sent;
  });
  for (const send of out) turn.effects.push({ type: "send", send });
}

function add(
  turn: Turn,
  { clientId, text, replyTo }: Extract<OutboxInput, { type: "send" }>,
): void {
  const send = newSend(clientId, text, replyTo);
  set(turn, { entries: [...turn.outbox.entries, send] });
  turn.effects.push({ type: "changed", send });
}

function load(turn: Turn, sends: readonly Send[]): void {
  const known = new Set(turn.outbox.entries.map(({ clientId }) => clientId));
  const older = sends
    .filter(({ clientId, state }) => state !== "stored" && !known.has(clientId))
    // Attempts start anew, and what was under way when the page went is in doubt.
    .map((send) => ({ ...(send.state === "sent" ? requeued(send) : send), attempt: 0 }));
  set(turn, { entries: [...older, ...turn.outbox.entries] });
  for (const send of older) turn.effects.push({ type: "changed", send });
}

function enter(
  turn: Turn,
  { epoch, stored, since, resetTo }: Extract<OutboxInput, { type: "entered" }>,
): void {
  if (resetTo !== undefined && since !== null) {
    // Whatever the cursor's epoch accepted above resetTo is gone, what lies below it stands.
    revise(turn, (send) =>
      send.place?.epoch === since.epoch && send.place.seq > resetTo && send.state === "accepted"
        ? requeued(send)
        : send,
    );
  }
  learnEpoch(
    turn,
    epoch,
    (place) => since?.epoch === place.epoch && resetTo !== undefined && place.seq <= resetTo,
  );
  set(turn, { open: true });
  settle(turn, { epoch, seq: stored });
}

function accept(turn: Turn, { clientId, place }: { clientId: string; place: Cursor }): void {
  if (!turn.outbox.entries.some((send) => send.clientId === clientId)) return;
  learnEpoch(turn, place.epoch, () => false);
  reviseOne(turn, clientId, (send) => {
    // The answer of an epoch that was lost meanwhile promises nothing.
    if (place.epoch < turn.outbox.epoch) return send.state === "sent" ? requeued(send) : send;
    return accepted(send, place);
  });
  set(turn, { refusals: 0 });
  settle(turn, turn.outbox.mark);
}

function refuse(turn: Turn, input: { clientId: string; attempt: number; error: ErrorReply }): void {
  // The refusal of an attempt that was given up says nothing about the one under way.
  if (!isUnderWay(turn, input)) return;
  const { clientId, error } = input;
  // A token that ran out is no fault of the message: the connection brings a newer one.
  if (errorTable[error.code].retry || error.code === "unauthenticated") {
    reviseOne(turn, clientId, (send) => ({ ...send, state: "queued" }));
    return hold(turn, error.retryAfterMs);
  }
  set(turn, { refusals: 0 });
  reviseOne(turn, clientId, (send) => failed(send, error));
}

function hold(turn: Turn, hintMs?: number): void {
  const failures = turn.outbox.refusals + 1;
  set(turn, { held: true, refusals: failures });
  turn.effects.push({ type: "hold", failures, ...given({ hintMs }) });
}

function reset(turn: Turn, { epoch, lost }: Extract<OutboxInput, { type: "reset" }>): void {
  // The range is about the epoch just before; of older ones nothing is known. No range is no
  // promise either: a gateway that does not know what was lost sends none.
  learnEpoch(
    turn,
    epoch,
    (place) =>
      place.epoch === epoch - 1 && lost !== null && (place.seq < lost.from || place.seq > lost.to),
  );
}

/**
 * A newer epoch: what older ones accepted is sent again, unless `survives` vouches for it. To send
 * a survivor again would be harmless (G4); to forget a lost one would not.
 */
function learnEpoch(turn: Turn, epoch: number, survives: (place: Cursor) => boolean): void {
  if (epoch <= turn.outbox.epoch) return;
  set(turn, { epoch });
  revise(turn, (send) => {
    if (send.state !== "accepted" || send.place === undefined) return send;
    if (send.place.epoch >= epoch) return send;
    return survives(send.place) ? { ...send, place: { ...send.place, epoch } } : requeued(send);
  });
}

/** Drops what the mark covers. */
function settle(turn: Turn, mark: Cursor | null): void {
  if (mark === null) return;
  const { mark: known } = turn.outbox;
  const newer =
    known === null ||
    mark.epoch > known.epoch ||
    (mark.epoch === known.epoch && mark.seq > known.seq);
  if (newer) set(turn, { mark: { epoch: mark.epoch, seq: mark.seq } });
  revise(turn, (send) =>
    send.state === "accepted" && send.place?.epoch === mark.epoch && send.place.seq <= mark.seq
      ? { ...send, state: "stored" }
      : send,
  );
}

function retry(turn: Turn, clientId: string): void {
  const refused = turn.outbox.entries.find((send) => send.clientId === clientId);
  if (refused?.state !== "failed") return;
  const { error: _, ...send } = refused;
  const queued: Send = { ...send, state: "queued" };
  const others = turn.outbox.entries.filter((entry) => entry !== refused);
  set(turn, { entries: [...others, queued] });
  turn.effects.push({ type: "changed", send: queued });
}

function isUnderWay(turn: Turn, answer: { clientId: string; attempt: number }): boolean {
  return turn.outbox.entries.some(
    ({ clientId, attempt, state }) =>
      clientId === answer.clientId && attempt === answer.attempt && state === "sent",
  );
}
