import type { History, RowOf } from "../history.ts";
import type { Check } from "./check.ts";

/** What may still come after rights have ended (ms). */
const GRACE_MS = 1_000;
/** What a client is told of the end itself. */
const FAREWELLS = new Set(["room.closed", "session.expiring"]);

type Arrival = RowOf<"fact"> | RowOf<"push">;

/** C15: nothing arrives more than a second after a kick, a ban, leaving, or the end of a token. */
export const rightsEnd: Check = (history) => {
  const isLate = latenessOf(history);
  return [...afterSanctions(history, isLate), ...afterTokens(history, isLate)];
};

type IsLate = (endedAt: number, arrivedAt: number) => boolean;

/** Nobody can call back what is in the network: trouble on a client's own line is not Eddy's. */
function latenessOf(history: History): IsLate {
  const lines = history.of("fault").filter(({ target }) => target === "clients");
  return (endedAt, arrivedAt) => {
    const held = lines.filter((line) => line.t < arrivedAt && line.endedAt > endedAt);
    return arrivedAt > Math.max(endedAt, ...held.map((line) => line.endedAt)) + GRACE_MS;
  };
}

function afterSanctions(history: History, isLate: IsLate): string[] {
  const problems: string[] = [];
  /** user in room → since when they may not be told anything. */
  const barred = new Map<string, number>();
  const ends = history
    .of("sanction")
    .filter(({ act, outcome }) => act !== "unban" && outcome === "ok")
    .toSorted((a, b) => a.t - b.t);
  const enteredAt = new Map<string, number>();
  let next = 0;
  for (const row of history.rows) {
    if (row.kind !== "enter" && !isArrival(row) && row.kind !== "left") continue;
    for (let end = ends[next]; end !== undefined && end.t <= row.t; end = ends[next]) {
      const key = `${end.user} in ${end.room}`;
      // Who was kicked may be back before whoever kicked them has the answer.
      if ((enteredAt.get(key) ?? -Infinity) < end.calledAt || end.act === "ban") {
        barred.set(key, end.t);
      }
      next += 1;
    }
    // By user, since a sanction is; someone who leaves has one client only.
    const key = `${row.user} in ${row.room}`;
    if (row.kind === "enter") {
      barred.delete(key);
      enteredAt.set(key, row.t);
    } else if (row.kind === "left") barred.set(key, row.t);
    else if (isLate(barred.get(key) ?? Infinity, row.t)) {
      const late = Math.round(row.t - (barred.get(key) ?? 0));
      problems.push(`${row.who}: ${whatOf(row)} of ${row.room} came ${late} ms after the end`);
    }
  }
  return problems;
}

function afterTokens(history: History, isLate: IsLate): string[] {
  const ends = new Map(history.of("session").map(({ who, endsAt }) => [who, endsAt]));
  return history.rows.flatMap((row) => {
    if (!isArrival(row)) return [];
    const endsAt = ends.get(row.who) ?? Infinity;
    if (!isLate(endsAt, row.t)) return [];
    const late = row.t - endsAt;
    return [`${row.who}: ${whatOf(row)} came ${Math.round(late)} ms after its token ended`];
  });
}

function isArrival(row: History["rows"][number]): row is Arrival {
  if (row.kind === "push") return !FAREWELLS.has(row.name);
  return row.kind === "fact" && row.way === "live";
}

function whatOf(row: Arrival): string {
  return row.kind === "push" ? row.name : `fact ${row.fact.seq}`;
}
