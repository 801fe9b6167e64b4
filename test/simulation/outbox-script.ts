import fc from "fast-check";

/** One thing that the world does to an outbox. */
export type OutboxStep =
  | {
      do:
        | "send"
        | "answer"
        | "lose answer"
        | "time out"
        | "break"
        | "connect"
        | "reload"
        | "store"
        | "push stored"
        | "lose"
        | "announce"
        | "announce vaguely"
        | "see"
        | "hold over"
        | "late copy"
        | "other speaks";
    }
  /** The server reads the oldest request under way, and answers so. */
  | { do: "serve"; verdict: "accept" | "busy" | "filtered" };

const step: fc.Arbitrary<OutboxStep> = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ do: "send" as const }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("serve" as const),
      verdict: fc.constantFrom(
        "accept" as const,
        "accept" as const,
        "busy" as const,
        "filtered" as const,
      ),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom(
        "answer" as const,
        "answer" as const,
        "hold over" as const,
        "connect" as const,
      ),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom(
        "lose answer" as const,
        "time out" as const,
        "break" as const,
        "reload" as const,
        "store" as const,
        "push stored" as const,
        "lose" as const,
        "announce" as const,
        "announce vaguely" as const,
        "see" as const,
        "late copy" as const,
        "other speaks" as const,
      ),
    }),
  },
);

/**
 * A run. `sticky`: having refused a send for now, the server refuses what follows on the same
 * connection until one that it refused comes again; and what it refused for good, it always does.
 */
export interface OutboxScript {
  window: number;
  sticky: boolean;
  steps: OutboxStep[];
}

export const outboxScript = (
  server: fc.Arbitrary<Pick<OutboxScript, "window" | "sticky">>,
): fc.Arbitrary<OutboxScript> =>
  fc
    .tuple(server, fc.array(step, { minLength: 5, maxLength: 80 }))
    .map(([how, steps]) => ({ ...how, steps }));
