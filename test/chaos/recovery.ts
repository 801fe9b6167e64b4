import type { History, RowOf } from "./history.ts";

/** How Eddy came through one fault. Times are from the beginning of the fault (ms); null: not at all. */
export interface Recovery {
  fault: RowOf<"fault">;
  /** Until something that was sent after it began was accepted. */
  acceptedMs: number | null;
  /** Until the last of the writers had something accepted. */
  everyoneMs: number | null;
  /** Until something that was sent after it began was known to be stored. */
  storedMs: number | null;
  /** How many times faster than new facts came the backlog went; null when there was none to speak of. */
  drain: number | null;
  refused: number;
  unanswered: number;
  /** Generations that began. */
  resets: number;
}

/** A backlog that is smaller than this tells nothing (facts). */
const LEAST_BACKLOG = 150;

/** How Eddy came through each fault of a history, up to the next one. */
export function recoveriesOf(history: History): Recovery[] {
  const faults = history.of("fault");
  const backlogs = history.of("backlog").map(({ facts }) => facts);
  const usual = backlogs.toSorted((a, b) => a - b)[Math.floor(backlogs.length / 2)] ?? 0;
  return faults.map((fault, i) => recoveryOf(history, fault, { until: faults[i + 1]?.t, usual }));
}

/** `until`: when the next fault comes. `usual`: what waits when nothing is wrong, the median. */
function recoveryOf(
  history: History,
  fault: RowOf<"fault">,
  { until = Infinity, usual }: { until: number | undefined; usual: number },
): Recovery {
  const inWindow = ({ t }: { t: number }) => t > fault.t && t < until;
  const sinceFault = (t: number) => Math.round(t - fault.t);
  const answers = history.of("answer").filter(inWindow);
  const successes = answers.filter(({ outcome, sentAt }) => outcome === "ok" && sentAt >= fault.t);
  const firstOf = new Map<string, number>();
  for (const { who, t } of successes) firstOf.set(who, Math.min(t, firstOf.get(who) ?? t));
  const accepted = new Set(successes.map(({ clientId }) => clientId));
  const stored = history.of("stored").find((row) => inWindow(row) && accepted.has(row.clientId));
  const firsts = [...firstOf.values()];
  const count = (outcome: string) => answers.filter((one) => one.outcome === outcome).length;
  return {
    fault,
    acceptedMs: firsts.length === 0 ? null : sinceFault(Math.min(...firsts)),
    everyoneMs: firsts.length === 0 ? null : sinceFault(Math.max(...firsts)),
    storedMs: stored === undefined ? null : sinceFault(stored.t),
    drain: drainOf(history.of("backlog").filter(inWindow), answers, usual),
    refused: count("fail"),
    unanswered: count("unknown"),
    resets: new Set(
      history
        .of("lost")
        .filter(inWindow)
        .map(({ room, epoch }) => `${room} ${epoch}`),
    ).size,
  };
}

/** From its highest point until as much waits as always does: what went, against what came meanwhile. */
function drainOf(
  samples: RowOf<"backlog">[],
  answers: RowOf<"answer">[],
  usual: number,
): number | null {
  const peak = samples.reduce<RowOf<"backlog"> | null>(
    (highest, one) => (highest === null || one.facts > highest.facts ? one : highest),
    null,
  );
  if (peak === null || peak.facts < Math.max(LEAST_BACKLOG, 3 * usual)) return null;
  const enough = Math.max(2 * usual, peak.facts / 10);
  const low = samples.find(({ t, facts }) => t > peak.t && facts <= enough);
  if (low === undefined) return 0;
  const came = answers.filter(
    ({ t, outcome }) => outcome === "ok" && t > peak.t && t <= low.t,
  ).length;
  return (came + peak.facts - low.facts) / Math.max(came, 1);
}
