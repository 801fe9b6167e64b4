import type { ErrorReply } from "../protocol/errors.ts";
import type { Cursor } from "../protocol/ids.ts";
import { given } from "./given.ts";

/**
 * `queued`: waits for its turn. `sent`: under way, unanswered. `accepted`: has its place in the
 * log, but Redis alone knows. `stored`: committed, done. `failed`: refused for good, see `error`.
 */
export type SendState = "queued" | "sent" | "accepted" | "stored" | "failed";

/** One message on its way into one room. */
export interface Send {
  readonly clientId: string;
  readonly text: string;
  readonly replyTo?: number;
  readonly state: SendState;
  /** How often it was sent. An answer names the attempt it is for. */
  readonly attempt: number;
  /** Some attempt's outcome is not known, so even a `failed` one may stand in the log. */
  readonly inDoubt: boolean;
  /** Where it stands in the log, once accepted. */
  readonly place?: Cursor;
  readonly error?: ErrorReply;
}

/** A send that has not been tried. */
export function newSend(clientId: string, text: string, replyTo?: number): Send {
  return {
    clientId,
    text,
    ...given({ replyTo }),
    state: "queued",
    attempt: 0,
    inDoubt: false,
  };
}

/** In the log at `place`, for all we know. The very same send when that was known. */
export function accepted(send: Send, place: Cursor): Send {
  const { epoch, seq } = place;
  if (send.state === "accepted" && send.place?.epoch === epoch && send.place.seq === seq) {
    return send;
  }
  const { error: _, ...rest } = send;
  return { ...rest, state: "accepted", place: { epoch, seq } };
}

/** To be sent again, under the same clientId: whether it got through is not known. */
export function requeued(send: Send): Send {
  const { place: _, ...rest } = send;
  return { ...rest, state: "queued", inDoubt: true };
}

/** Refused for good. */
export function failed(send: Send, error: ErrorReply): Send {
  return { ...send, state: "failed", error };
}

/** Not in the log yet, but on its way there. */
export function isPending({ state }: Send): boolean {
  return state === "queued" || state === "sent";
}
