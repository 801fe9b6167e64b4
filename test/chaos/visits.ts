import { announcedLost } from "./announced.ts";
import type { History, Row } from "./history.ts";

/** What one client holds of a room between entering and leaving. */
interface Visit {
  who: string;
  room: string;
  /** The position after which it began. */
  start: number;
  /** What it was given and not told to forget: seq → the epoch in which it was given. */
  held: Map<number, number>;
  /** Left out by agreement. */
  skipped: { from: number; to: number }[];
  /** The last fact that it was given. */
  end: number;
  /** It lasted until the end of the run. */
  lasted: boolean;
}

/** Replays what each client was told into its visits. */
function visitsOf(history: History): Visit[] {
  const visits: Visit[] = [];
  const open = new Map<string, Visit>();
  const leftAt = new Map<string, number>();
  for (const row of history.rows) {
    const key = keyOf(row);
    if (key === null) continue;
    const visit = open.get(key);
    // Whoever left meanwhile does not take the answer.
    if (row.kind === "enter" && row.calledAt < (leftAt.get(key) ?? -Infinity)) continue;
    if (row.kind === "enter" && (visit === undefined || row.since === null)) {
      const begun = begin(row);
      visits.push(begun);
      open.set(key, begun);
    } else if (row.kind === "leave") {
      leftAt.set(key, row.t);
      if (visit !== undefined) visit.lasted = false;
      open.delete(key);
    } else if (visit !== undefined) {
      follow(visit, row);
    }
  }
  return visits;
}

function keyOf(row: Row): string | null {
  switch (row.kind) {
    case "enter":
    case "leave":
    case "reset":
    case "skipped":
      return `${row.who} ${row.room}`;
    case "fact":
      return row.way === "rest" ? null : `${row.who} ${row.room}`;
    case "send":
    case "answer":
    case "stored":
    case "stayed":
    case "lost":
    case "left":
    case "backlog":
    case "push":
    case "session":
    case "sanction":
    case "read":
    case "fault":
    case "sample":
    case "kept":
    case "hot":
    case "view":
      return null;
  }
}

function begin({ who, room, since, prev, resetTo }: Extract<Row, { kind: "enter" }>): Visit {
  const start = resetTo ?? since?.seq ?? prev;
  return { who, room, start, held: new Map(), skipped: [], end: start, lasted: true };
}

function follow(visit: Visit, row: Row): void {
  if (row.kind === "fact") {
    visit.held.set(row.fact.seq, row.epoch);
    visit.end = Math.max(visit.end, row.fact.seq);
  } else if (row.kind === "reset") {
    for (const seq of visit.held.keys()) if (seq > row.to) visit.held.delete(seq);
    visit.end = Math.min(visit.end, row.to);
    visit.start = Math.min(visit.start, row.to);
  } else if (row.kind === "skipped") {
    visit.skipped.push(row);
    visit.end = Math.max(visit.end, row.to);
  }
}

/** What is wrong with a visit, against the log that PostgreSQL keeps. */
export function holesOf(history: History): string[] {
  const isLost = announcedLost(history);
  const kept = new Map(
    history.of("kept").map(({ room, facts }) => [room, facts.map(({ seq }) => seq)]),
  );
  return visitsOf(history).flatMap(({ who, room, start, end, held, skipped, lasted }) => {
    const log = kept.get(room) ?? [];
    const inLog = new Set(log);
    const missing = log.filter(
      (seq) =>
        seq > start &&
        seq <= end &&
        !held.has(seq) &&
        !skipped.some(({ from, to }) => seq >= from && seq <= to),
    );
    const extra = [...held].filter(
      ([seq, epoch]) => !inLog.has(seq) && (lasted || !isLost({ room, epoch, seq })),
    );
    return [
      ...missing.map((seq) => `${who} was in ${room} from ${start} to ${end} and lacks ${seq}`),
      ...extra.map(([seq]) => `${who} holds ${room} ${seq}, which is not in the log`),
    ];
  });
}
