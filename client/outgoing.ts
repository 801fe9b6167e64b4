import type { ErrorReply, Refusal } from "../protocol/errors.ts";
import type { Cursor } from "../protocol/ids.ts";
import { refusalFromReply } from "./refusal.ts";
import type { Send, SendState } from "./send.ts";

/** A message that the app sent, as it makes its way. Its properties are always up to date. */
export interface OutgoingMessage {
  readonly clientId: string;
  readonly text: string;
  readonly replyTo: number | undefined;
  readonly state: SendState;
  /** Its position in the log, once accepted. */
  readonly place: Cursor | undefined;
  /** Why it failed. */
  readonly refusal: Refusal | undefined;
  /** Some attempt went unanswered: even if it `failed`, it may have got into the log. */
  readonly inDoubt: boolean;
  /**
   * Waits for its acceptance or for its being stored; answers its place. Rejects with the Refusal
   * when it fails, or with `unavailable` when the client is closed before.
   */
  until(state: "accepted" | "stored"): Promise<Cursor>;
  /** Tries a failed one again, behind the others; same clientId. */
  retry(): void;
  /** Forgets it. One that is under way may get into the log nevertheless. */
  discard(): void;
}

export interface OutgoingControl {
  readonly message: OutgoingMessage;
  update(send: Send): void;
  /** Nothing will become of it in this session: lets go of those who wait. */
  abandon(error: ErrorReply): void;
}

/** The app's side of a send. */
export function outgoingMessage(
  first: Send,
  wishes: { retry(clientId: string): void; discard(clientId: string): void },
): OutgoingControl {
  let send = first;
  let lastPlace = first.place;
  const waiters = new Set<Waiter>();
  const { clientId } = first;

  return {
    message: {
      clientId,
      text: first.text,
      replyTo: first.replyTo,
      get state() {
        return send.state;
      },
      get place() {
        return send.place;
      },
      get refusal() {
        return send.error === undefined ? undefined : refusalFromReply(send.error);
      },
      get inDoubt() {
        return send.inDoubt;
      },
      until: (state) =>
        new Promise((resolve, reject) => {
          const waiter = { state, resolve, reject };
          if (!release(waiter, send, lastPlace)) waiters.add(waiter);
        }),
      retry: () => wishes.retry(clientId),
      discard: () => wishes.discard(clientId),
    },
    update(next) {
      send = next;
      lastPlace = next.place ?? lastPlace;
      for (const waiter of waiters) {
        if (release(waiter, send, lastPlace)) waiters.delete(waiter);
      }
    },
    abandon(error) {
      for (const waiter of waiters) waiter.reject(refusalFromReply(error));
      waiters.clear();
    },
  };
}

interface Waiter {
  state: "accepted" | "stored";
  resolve(place: Cursor): void;
  reject(refusal: Refusal): void;
}

/** Whether the wait is over. */
function release(waiter: Waiter, send: Send, place: Cursor | undefined): boolean {
  if (send.state === "failed" && send.error !== undefined) {
    waiter.reject(refusalFromReply(send.error));
    return true;
  }
  const reached = send.state === "stored" || send.state === waiter.state;
  if (reached && place !== undefined) waiter.resolve(place);
  return reached && place !== undefined;
}
