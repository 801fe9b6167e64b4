import { expect, test } from "@jest/globals";
import fc from "fast-check";

import type { Outbox } from "../../client/outbox-turn.ts";
import { stepOutbox, type OutboxInput } from "../../client/outbox.ts";
import { runOutbox } from "./outbox-run.ts";
import { outboxScript } from "./outbox-script.ts";
import { seed } from "./seed.ts";

const settings = { seed, numRuns: 6_000 };
/** Any server, and a window of one. */
const careful = outboxScript(fc.record({ window: fc.constant(1), sticky: fc.boolean() }));
/** Several under way, towards a server that holds back what follows a refused send, and loses nothing. */
const pipelined = outboxScript(
  fc.record({ window: fc.integer({ min: 2, max: 5 }), sticky: fc.constant(true) }),
).map((script) => ({ ...script, steps: script.steps.filter((one) => one.do !== "lose") }));
/** Several under way, towards a server that does not. */
const reckless = outboxScript(
  fc.record({ window: fc.integer({ min: 2, max: 5 }), sticky: fc.constant(false) }),
);

test(`[G3] [G4] every send stands in the log once and in order, or has failed (seed ${seed})`, () => {
  fc.assert(
    fc.property(careful, (script) => runOutbox(script, stepOutbox)),
    settings,
  );
});

test(`[G3] several under way keep their order towards a server that holds back what follows a refused one (seed ${seed})`, () => {
  fc.assert(
    fc.property(pipelined, (script) => runOutbox(script, stepOutbox)),
    settings,
  );
});

test("[G3] several under way lose their order towards a server that does not", () => {
  expect(isFoundOut(reckless, stepOutbox)).toBe(true);
});

/** Outboxes with one mechanism taken out. Each must be found out, or the property proves nothing. */
const mutants: Record<string, typeof stepOutbox> = {
  "forgets a message once it is accepted": (outbox, input) => {
    const next = stepOutbox(outbox, input);
    const entries = next.outbox.entries.filter(({ state }) => state !== "accepted");
    return { ...next, outbox: { ...next.outbox, entries } };
  },
  "believes the mark of a later epoch": meddle((outbox, input) => {
    if (input.type !== "stored" && input.type !== "entered") return outbox;
    return moveAccepted(outbox, input.epoch);
  }),
  "does not hear of resets": (outbox, input) => {
    if (input.type === "reset") return { outbox, effects: [] };
    if (input.type !== "entered" && input.type !== "stored" && input.type !== "accepted") {
      return stepOutbox(outbox, input);
    }
    const epoch = input.type === "accepted" ? input.place.epoch : input.epoch;
    return stepOutbox(moveAccepted(outbox, epoch), input);
  },
  "takes a new clientId to send again": (outbox, input) => {
    const next = stepOutbox(outbox, input);
    return {
      ...next,
      effects: next.effects.map((effect) =>
        effect.type === "send" && effect.send.attempt > 1
          ? {
              type: "send",
              send: { ...effect.send, clientId: effect.send.clientId.replace("-9000-", "-a000-") },
            }
          : effect,
      ),
    };
  },
  "does not send again what was not answered": (outbox, input) =>
    input.type === "unanswered" ? { outbox, effects: [] } : stepOutbox(outbox, input),
  "sends the newest first after a break": meddle((outbox, input) =>
    input.type === "disconnected" ? { ...outbox, entries: outbox.entries.toReversed() } : outbox,
  ),
  "puts what is refused for now behind the others": (outbox, input) => {
    if (input.type !== "refused" || input.error.code !== "busy") return stepOutbox(outbox, input);
    const { clientId } = input;
    const entries = [
      ...outbox.entries.filter((send) => send.clientId !== clientId),
      ...outbox.entries.filter((send) => send.clientId === clientId),
    ];
    return stepOutbox({ ...outbox, entries }, input);
  },
  "takes what it finds in the storage for newer": (outbox, input) => {
    if (input.type !== "loaded") return stepOutbox(outbox, input);
    const next = stepOutbox(outbox, input);
    return { ...next, outbox: { ...next.outbox, entries: next.outbox.entries.toReversed() } };
  },
};

test.each(Object.entries(mutants))("[G3] an outbox that %s is found out", (_, mutant) => {
  expect(isFoundOut(careful, mutant)).toBe(true);
});

test("[G3] an outbox that takes no range for nothing lost is found out", () => {
  const vague = careful.map((script) => ({
    ...script,
    steps: script.steps.map((one) =>
      one.do === "announce" ? { do: "announce vaguely" as const } : one,
    ),
  }));
  expect(isFoundOut(vague, trustingOutbox)).toBe(true);
});

const trustingOutbox: typeof stepOutbox = (outbox, input) =>
  input.type === "reset" && input.lost === null
    ? stepOutbox({ ...moveAccepted(outbox, input.epoch), epoch: input.epoch }, input)
    : stepOutbox(outbox, input);

function isFoundOut(scripts: typeof careful, step: typeof stepOutbox): boolean {
  const property = fc.property(scripts, (script) => runOutbox(script, step));
  return fc.check(property, { seed, numRuns: 30_000, endOnFailure: true }).failed;
}

/** An outbox that is changed before each input. */
function meddle(change: (outbox: Outbox, input: OutboxInput) => Outbox): typeof stepOutbox {
  return (outbox, input) => stepOutbox(change(outbox, input), input);
}

/** As if what an earlier epoch accepted were still there. */
function moveAccepted(outbox: Outbox, epoch: number): Outbox {
  return {
    ...outbox,
    entries: outbox.entries.map((send) =>
      send.place === undefined ? send : { ...send, place: { ...send.place, epoch } },
    ),
  };
}
