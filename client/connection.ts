import { errorTable, type ErrorReply } from "../protocol/errors.ts";
import { backoffMs, reconnectPolicy } from "./backoff.ts";
import { noTimer, type Clock } from "./clock.ts";
import { given } from "./given.ts";
import { readErrorReply } from "./refusal.ts";
import type { Transport, TransportLink } from "./transport.ts";

/**
 * `connecting`: a handshake is under way. `offline`: waiting to try again. `closed`: for good, by
 * the app's wish or because the server refuses us.
 */
export type ConnectionState = "connecting" | "online" | "offline" | "closed";

/** What became of a command. `lost`: no answer came, so it may have been carried out or not. */
export type Answer = { ok: true; data: unknown } | { ok: false; error: ErrorReply; lost: boolean };

/** Sends a command; `answer` is called exactly once. */
export type Request = (name: string, input: unknown, answer: (answer: Answer) => void) => void;

export interface ConnectionOptions {
  transport: Transport;
  /** A token for the next handshake; `fresh` when the last one was refused. */
  token(fresh: boolean): Promise<string | null> | string | null;
  /** Whether another token may be had, so that `unauthenticated` is not the end. */
  renewable: boolean;
  clock: Clock;
  random: () => number;
  /** How long a command may go unanswered. */
  answerTimeoutMs: number;
  onState(state: ConnectionState, error?: ErrorReply): void;
  onPush(name: string, data: unknown): void;
}

export interface Connection {
  readonly state: ConnectionState;
  /** Sends a command; `answer` is called exactly once, at the latest when the connection ends. */
  request: Request;
  /** Tries at once instead of waiting: the network is back, the page is seen again. */
  retryNow(): void;
  /** Drops the connection and comes back with a newer token. */
  signInAgain(): void;
  close(error?: ErrorReply): void;
}

/** A connection that comes back until it is closed. It starts at once. */
export function createConnection(options: ConnectionOptions): Connection {
  const { clock } = options;
  let state: ConnectionState = "offline";
  let link: TransportLink | null = null;
  // What belongs to an earlier connection must not be taken for news of this one.
  let generation = 0;
  let failures = 0;
  let needsFreshToken = false;
  let heardAt = 0;
  let cancelTimer = noTimer;
  const unanswered = new Set<(answer: Answer) => void>();

  const become = (next: ConnectionState, error?: ErrorReply) => {
    if (next === state) return;
    state = next;
    options.onState(next, error);
  };

  const dropLink = () => {
    generation += 1;
    cancelTimer();
    link?.close();
    link = null;
  };

  /** After the state has changed, so that rooms see the break before they see lost answers. */
  const loseAnswers = () => {
    const error: ErrorReply = { code: "unavailable", message: "The connection was lost" };
    for (const answer of unanswered) answer({ ok: false, error, lost: true });
  };

  const tryLater = (hintMs?: number) => {
    dropLink();
    failures += 1;
    const { random } = options;
    const wait = backoffMs(reconnectPolicy, { failures, random, ...given({ hintMs }) });
    cancelTimer = clock.after(wait, open);
    become("offline");
    loseAnswers();
  };

  const end = (error?: ErrorReply) => {
    dropLink();
    become("closed", error);
    loseAnswers();
  };

  const refuse = (message: string, data: unknown) => {
    const error = readErrorReply(data, message);
    if (error.code === "unauthenticated" && options.renewable) {
      needsFreshToken = true;
      return tryLater(error.retryAfterMs);
    }
    if (!errorTable[error.code].retry) return end(error);
    tryLater(error.retryAfterMs);
  };

  const connectWith = (token: string | null) => {
    const mine = generation;
    const ifMine = (act: () => void) => {
      if (mine === generation) act();
    };
    link = options.transport.open(token, {
      connected: () =>
        ifMine(() => {
          needsFreshToken = false;
          // Only a connection that lasts clears the count: one that dies at once is a failure.
          cancelTimer = clock.after(LASTING_MS, () => (failures = 0));
          become("online");
        }),
      refused: ({ message, data }) => ifMine(() => refuse(message, data)),
      disconnected: () => ifMine(() => tryLater()),
      pushed: (name, data) =>
        ifMine(() => {
          heardAt = clock.now();
          options.onPush(name, data);
        }),
    });
  };

  function open(): void {
    dropLink();
    const mine = generation;
    become("connecting");
    // Who was told may have closed us.
    if (mine !== generation) return;
    const token = options.token(needsFreshToken);
    if (token === null || typeof token === "string") return connectWith(token);
    token.then(
      (value) => mine === generation && connectWith(value),
      () => mine === generation && tryLater(),
    );
  }

  open();
  return {
    get state() {
      return state;
    },
    request(name, input, answer) {
      if (link === null || state !== "online") {
        const error: ErrorReply = { code: "unavailable", message: "Not connected" };
        return answer({ ok: false, error, lost: false });
      }
      const settle = (outcome: Answer) => {
        if (!unanswered.delete(settle)) return;
        cancel();
        answer(outcome);
      };
      const sentAt = clock.now();
      const cancel = clock.after(options.answerTimeoutMs, () => {
        // Not a word since: the line is dead, and a heartbeat would notice only much later.
        if (heardAt < sentAt) return tryLater();
        const error: ErrorReply = { code: "unavailable", message: `${name} was not answered` };
        settle({ ok: false, error, lost: true });
      });
      unanswered.add(settle);
      link.request(name, input, (reply) => {
        heardAt = clock.now();
        settle(readReply(reply));
      });
    },
    retryNow() {
      if (state === "offline") open();
    },
    signInAgain() {
      // Several rooms may find out at the same time; the first one's news is enough.
      if (state !== "online") return;
      if (!options.renewable) return end({ code: "unauthenticated", message: "The token ended" });
      needsFreshToken = true;
      tryLater();
    },
    close: end,
  };
}

const LASTING_MS = 5_000;

function readReply(reply: unknown): Answer {
  if (typeof reply === "object" && reply !== null && "ok" in reply) {
    if (reply.ok === true) return { ok: true, data: reply };
    const error = "error" in reply ? reply.error : undefined;
    return { ok: false, error: readErrorReply(error, "An unreadable refusal"), lost: false };
  }
  const error: ErrorReply = { code: "unavailable", message: "An unreadable answer" };
  return { ok: false, error, lost: true };
}
