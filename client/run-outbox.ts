import type { CommandOutput } from "../protocol/commands.ts";
import type { ErrorReply } from "../protocol/errors.ts";
import { atItsWord } from "./at-its-word.ts";
import { backoffMs, retryPolicy } from "./backoff.ts";
import { noTimer } from "./clock.ts";
import { given } from "./given.ts";
import type { OutboxEffect } from "./outbox-turn.ts";
import { newOutbox, stepOutbox, type OutboxInput } from "./outbox.ts";
import { outgoingMessage, type OutgoingControl, type OutgoingMessage } from "./outgoing.ts";
import type { RoomLine } from "./room-line.ts";
import { newSend, type Send } from "./send.ts";

export interface OutboxRun {
  readonly outgoing: readonly OutgoingMessage[];
  send(text: string, replyTo?: number): OutgoingMessage;
  step(input: OutboxInput): void;
  /** Resolves or returns when what an earlier page left behind is in. */
  load(): Promise<void> | void;
  /** Lets go of those who wait for a message. */
  abandon(error: ErrorReply): void;
}

interface OutboxRunOptions {
  room: string;
  line: RoomLine;
  /** Runs acts one after the other. */
  act(act: () => void): void;
  onChange(message: OutgoingMessage): void;
}

/** Carries out what the outbox of one room decides. */
export function runOutbox(options: OutboxRunOptions): OutboxRun {
  const { line } = options;
  const { clock, random, store } = line;
  let outbox = newOutbox(line.sendWindow);
  const controls = new Map<string, OutgoingControl>();
  let holdUntil = 0;
  let cancelHold = noTimer;

  const step = (input: OutboxInput) =>
    options.act(() => {
      const before = outbox.entries;
      const { outbox: next, effects } = stepOutbox(outbox, input);
      outbox = next;
      if (!outbox.held) {
        cancelHold();
        holdUntil = 0;
      }
      // Kept before it is sent: what the page forgets now, the next one still knows.
      if (outbox.entries !== before) store?.save(outbox.entries);
      for (const effect of effects) options.act(() => carryOut(effect));
    });

  const carryOut = (effect: OutboxEffect) => {
    switch (effect.type) {
      case "changed":
        return tell(effect.send);
      case "send":
        return send(effect.send);
      case "hold": {
        const { failures, hintMs } = effect;
        const wait = backoffMs(retryPolicy, { failures, random, ...given({ hintMs }) });
        // Several may be refused in a row, each with its own hint: the latest time counts.
        holdUntil = Math.max(holdUntil, clock.now() + wait);
        cancelHold();
        cancelHold = clock.after(holdUntil - clock.now(), () => step({ type: "holdOver" }));
      }
    }
  };

  const tell = (changed: Send) => {
    const control = controlOf(changed);
    control.update(changed);
    if (changed.state === "stored") controls.delete(changed.clientId);
    options.onChange(control.message);
  };

  const controlOf = (of: Send): OutgoingControl => {
    const known = controls.get(of.clientId);
    if (known !== undefined) return known;
    const control = outgoingMessage(of, {
      retry: (clientId) => step({ type: "retry", clientId }),
      discard: (clientId) => {
        controls.get(clientId)?.abandon(DISCARDED);
        controls.delete(clientId);
        step({ type: "discard", clientId });
      },
    });
    controls.set(of.clientId, control);
    return control;
  };

  const send = ({ clientId, attempt, text, replyTo }: Send) => {
    const input = { room: options.room, clientId, text, ...given({ replyTo }) };
    line.request("message:send", input, (answer) => {
      if (answer.ok) {
        const { epoch, seq } = atItsWord<CommandOutput<"message:send">>(answer.data);
        return step({ type: "accepted", clientId, place: { epoch, seq } });
      }
      if (answer.lost) return step({ type: "unanswered", clientId, attempt });
      step({ type: "refused", clientId, attempt, error: answer.error });
      if (answer.error.code === "unauthenticated") line.signInAgain();
    });
  };

  return {
    get outgoing() {
      return outbox.entries.map((entry) => controlOf(entry).message);
    },
    send(text, replyTo) {
      const fresh = newSend(line.newClientId(), text, replyTo);
      const { message } = controlOf(fresh);
      step({
        type: "send",
        clientId: fresh.clientId,
        text,
        ...given({ replyTo }),
      });
      return message;
    },
    step,
    load() {
      const loaded = store?.load() ?? [];
      if (!(loaded instanceof Promise)) return step({ type: "loaded", sends: loaded });
      return loaded.then((sends) => step({ type: "loaded", sends }));
    },
    abandon(error) {
      cancelHold();
      for (const control of controls.values()) control.abandon(error);
    },
  };
}

const DISCARDED: ErrorReply = { code: "unavailable", message: "The message was discarded" };
