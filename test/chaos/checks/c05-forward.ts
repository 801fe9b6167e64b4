import type { Check } from "./check.ts";

/** C5: a client's facts only go forward, except that a reset takes it back. */
export const forward: Check = (history) => {
  const at = new Map<string, number>();
  const problems: string[] = [];
  for (const row of history.rows) {
    // Who left and comes back begins where it says.
    if (row.kind === "leave") at.delete(`${row.who} ${row.room}`);
    if (row.kind === "reset") {
      const key = `${row.who} ${row.room}`;
      at.set(key, Math.min(at.get(key) ?? row.to, row.to));
    }
    if (row.kind !== "fact" || row.way === "rest") continue;
    const key = `${row.who} ${row.room}`;
    const last = at.get(key) ?? 0;
    if (row.fact.seq <= last) problems.push(`${key}: ${row.fact.seq} came after ${last}`);
    at.set(key, row.fact.seq);
  }
  return problems;
};
