import { readErrorReply } from "../../client/refusal.ts";
import { socketTransport, type Transport } from "../../client/transport.ts";
import type { ErrorCode } from "../../protocol/errors.ts";

/** What the clients of a replay met. They mend it themselves, so no command tells of it. */
export interface Troubles {
  connectionsLost: number;
  /** Refusals to send or to connect for now, by their codes. */
  refusals: Map<ErrorCode, number>;
}

/** Real sockets, with an eye on what goes wrong there. `onRefusal` is called at the first of each code. */
export function watchTransport(
  url: string,
  troubles: Troubles,
  onRefusal: (code: ErrorCode) => void,
): Transport {
  const inner = socketTransport(url);
  const refused = (error: unknown) => {
    const { code } = readErrorReply(error, "");
    const count = troubles.refusals.get(code) ?? 0;
    troubles.refusals.set(code, count + 1);
    if (count === 0) onRefusal(code);
  };
  return {
    open(token, events) {
      const link = inner.open(token, {
        ...events,
        // Without data it is the network that refuses, not the server.
        refused: (error) => {
          if (error.data !== undefined) refused(error.data);
          events.refused(error);
        },
        disconnected: (reason) => {
          troubles.connectionsLost += 1;
          events.disconnected(reason);
        },
      });
      return {
        close: () => link.close(),
        request: (name, input, answer) =>
          link.request(name, input, (reply) => {
            const { ok, error } = (reply ?? {}) as { ok?: unknown; error?: unknown };
            if (ok === false) refused(error);
            answer(reply);
          }),
      };
    },
  };
}
