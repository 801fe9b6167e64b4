import type { Recovery } from "./recovery.ts";

/** What guarantees ask of a recovery (ms). */
const GOALS: Record<string, { what: "everyoneMs" | "storedMs" | "acceptedMs"; withinMs: number }> =
  {
    "gateway killed": { what: "everyoneMs", withinMs: 5_000 },
    "worker killed": { what: "storedMs", withinMs: 2_000 },
    "Redis killed": { what: "acceptedMs", withinMs: 5_000 },
    "Postgres killed": { what: "storedMs", withinMs: 5_000 },
  };
const LEAST_DRAIN = 2;

/** The recoveries as a page of docs. */
export function faultTable(
  recoveries: readonly Recovery[],
  { seed, machine }: { seed: number; machine: string },
): string {
  const rows = recoveries.map((recovery) => {
    const { fault, acceptedMs, everyoneMs, storedMs, drain, refused, unanswered, resets } =
      recovery;
    const cells = [
      fault.name,
      seconds(fault.endedAt - fault.t),
      seconds(acceptedMs),
      seconds(everyoneMs),
      seconds(storedMs),
      drain === null ? "–" : `${drain.toFixed(1)}×`,
      `${refused} / ${unanswered}`,
      resets === 0 ? "nothing" : "what Redis had not stored; announced, sent again",
    ];
    return `| ${cells.join(" | ")} |`;
  });
  return `# Faults, and what becomes of them

Written by \`npm run chaos -- --table\` (seed ${seed}, ${machine}): two gateways behind a balancer, two workers, Redis
(\`everysec\`) and Postgres, all as real processes, and people who write, read, leave and moderate. Each fault in
turn hits the first of two; whoever is killed is started again. Over the whole history C1–C15 of the checker
([test/chaos/checks](../test/chaos/checks)) held: nothing that was accepted was lost unannounced, nobody saw a gap or a double,
every view ended equal to Postgres.

Times count from the beginning of the fault, its own length included: until anybody's new message was accepted; until
the last writer's was; until one was stored. The backlog, where there was one, then drained that many times faster than
new messages came. Runs in which many things go wrong at once are in [CHAOS.md](CHAOS.md).

| fault | lasted | accepted again | by everyone | stored again | drained | refused / unanswered | lost |
| --- | --- | --- | --- | --- | --- | --- | --- |
${rows.join("\n")}
`;
}

/** Which goals were missed, a sentence each. */
export function missedGoals(recoveries: readonly Recovery[]): string[] {
  return recoveries.flatMap((recovery) => {
    const { fault, drain } = recovery;
    const goal = GOALS[fault.name];
    const took = goal === undefined ? 0 : recovery[goal.what];
    return [
      ...(goal !== undefined && (took === null || took > goal.withinMs)
        ? [`${fault.name}: ${goal.what} ${took ?? "never"}, the goal is ${goal.withinMs}`]
        : []),
      ...(goal !== undefined && drain !== null && drain < LEAST_DRAIN
        ? [`${fault.name}: the backlog drained at ${drain.toFixed(1)}× of what came`]
        : []),
    ];
  });
}

function seconds(milliseconds: number | null): string {
  return milliseconds === null ? "–" : `${(milliseconds / 1_000).toFixed(1)} s`;
}
