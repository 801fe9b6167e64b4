import { socketTransport, type Transport, type TransportLink } from "../../../client/transport.ts";
import type { CommandInput, CommandOutput } from "../../../protocol/commands.ts";
import type { ErrorCode, ErrorReply } from "../../../protocol/errors.ts";
import type { Push, PushName } from "../../../protocol/facts.ts";
import type { Cursor } from "../../../protocol/ids.ts";
import { hashOf } from "../history.ts";
import type { Recorder } from "../recorder.ts";

/** Who a client is, in the history. */
export interface Identity {
  who: string;
  user: string;
}

type Reply = ({ ok: true } & Record<string, unknown>) | { ok: false; error: ErrorReply };

/** Real sockets, with all that goes over them noted in the history. */
export function recordingTransport(url: string, recorder: Recorder, identity: Identity): Transport {
  const inner = socketTransport(url);
  return {
    open(token, events) {
      const unanswered = new Set<() => void>();
      /** What was under way when the line broke may have been carried out or not. */
      const giveUp = () => {
        for (const give of unanswered) give();
        unanswered.clear();
      };
      const link = inner.open(token, {
        ...events,
        disconnected: (reason) => {
          giveUp();
          events.disconnected(reason);
        },
        pushed: (name, data) => {
          notePush(recorder, identity, name as PushName, data);
          events.pushed(name, data);
        },
      });
      return {
        close: () => {
          giveUp();
          link.close();
        },
        request: (name, input, answer) => {
          const noted = noteRequest(recorder, identity, name, input);
          const give = () => noted(null);
          unanswered.add(give);
          link.request(name, input, (reply) => {
            if (unanswered.delete(give)) noted(reply as Reply);
            answer(reply);
          });
        },
      } satisfies TransportLink;
    },
  };
}

/** Notes a push. */
export function notePush(
  recorder: Recorder,
  identity: Identity,
  name: PushName,
  data: unknown,
): void {
  const { room } = data as { room?: string };
  if (room === undefined) return;
  recorder.add({ kind: "push", ...identity, room, name });
  if (name !== "room.reset") return;
  const { epoch, lost } = data as Push<"room.reset">;
  if (lost !== null) recorder.add({ kind: "lost", who: identity.who, room, epoch, ...lost });
}

/** Notes a command; the answer's note takes null when none will come. */
export function noteRequest(
  recorder: Recorder,
  identity: Identity,
  name: string,
  input: unknown,
): (reply: Reply | null) => void {
  if (name === "message:send") {
    return noteSend(recorder, identity, input as CommandInput<"message:send">);
  }
  const calledAt = recorder.now();
  return (reply) => {
    if (reply?.ok !== true) return;
    const { room } = input as { room: string };
    if (name === "room:leave") recorder.add({ kind: "left", ...identity, room });
    if (name !== "room:enter") return;
    const { epoch, prev, resetTo } = reply as unknown as CommandOutput<"room:enter">;
    const { since = null } = input as { since?: Cursor };
    const reset = resetTo === undefined ? {} : { resetTo };
    recorder.add({ kind: "enter", calledAt, ...identity, room, since, epoch, prev, ...reset });
  };
}

function noteSend(
  recorder: Recorder,
  identity: Identity,
  { room, clientId, text }: CommandInput<"message:send">,
): (reply: Reply | null) => void {
  const sentAt = recorder.now();
  recorder.add({ kind: "send", ...identity, room, clientId, text: hashOf(text) });
  const answer = { kind: "answer" as const, ...identity, room, clientId, sentAt };
  return (reply) => {
    if (reply === null) recorder.add({ ...answer, outcome: "unknown" });
    else if (!reply.ok) recorder.add({ ...answer, ...outcomeOf(reply.error) });
    else {
      const { epoch, seq, duplicate } = reply as unknown as CommandOutput<"message:send">;
      recorder.add({ ...answer, outcome: "ok", place: { epoch, seq }, duplicate });
    }
  };
}

/** `unavailable` may mean that it was carried out; every other refusal is certain. */
export function outcomeOf({ code }: { code: ErrorCode }): {
  outcome: "fail" | "unknown";
  code: string;
} {
  return { outcome: code === "unavailable" ? "unknown" : "fail", code };
}
