import { type CaseId, EDDY, type RoomId, type UserId } from "../protocol/ids.ts";
import { appendAudit, type Deed } from "./postgres/audit.ts";
import { openCase } from "./postgres/cases.ts";
import type { Store } from "./postgres/connection.ts";
import { addFilterHits, type RuleHits } from "./postgres/filters.ts";

/** A rule that was met. */
export interface FilterHit {
  room: RoomId;
  author: UserId;
  rule: string;
  /** What came of it; `shadow`: nothing, the rule is on trial. */
  outcome: "refuse" | "hold" | "alert" | "mute" | "shadow";
  /** ISO time. */
  at: string;
  /** Where the message stands, if it passed. */
  seq?: number;
  /** What it says, where moderators are called to look. */
  text?: string;
}

/** Writes down in the background what filters do. */
export interface FilterLedger {
  note: (hits: readonly FilterHit[]) => void;
  /** Writes what waits. */
  close: () => Promise<void>;
}

/** Who is told of what the ledger writes. */
export interface LedgerEvents {
  /** A case came into the review queue of a room. */
  opened: (room: RoomId, id: CaseId) => void;
  trouble: (error: unknown) => void;
}

const WRITE_EVERY_MS = 250;
/** While Postgres is away, this much waits; then the oldest is dropped. */
const MOST_WAITING = 10_000;

/**
 * What filters did is written after the answer, a few times a second: nothing on the path of a message
 * waits for Postgres. A gateway that is killed loses what it noted in the last moment; what a filter
 * refused, it refused all the same.
 */
export function openFilterLedger(store: Store, on: LedgerEvents): FilterLedger {
  let waiting: FilterHit[] = [];
  let timer: NodeJS.Timeout | null = null;
  let writing: Promise<void> = Promise.resolve();
  const write = async () => {
    const hits = waiting;
    waiting = [];
    for (const [room, ofRoom] of byRoom(hits)) {
      try {
        for (const id of await writeHits(store, room, ofRoom)) on.opened(room, id);
      } catch (error) {
        on.trouble(error);
        waiting = [...ofRoom, ...waiting].slice(-MOST_WAITING);
      }
    }
    if (waiting.length > 0) schedule();
  };
  const schedule = () => {
    timer ??= setTimeout(() => {
      timer = null;
      writing = writing.then(write);
    }, WRITE_EVERY_MS);
  };
  return {
    note: (hits) => {
      if (hits.length === 0) return;
      waiting.push(...hits);
      if (waiting.length > MOST_WAITING) waiting.splice(0, waiting.length - MOST_WAITING);
      schedule();
    },
    close: async () => {
      if (timer !== null) clearTimeout(timer);
      await writing;
      await write();
      // Postgres is away, and stays so: there is nobody left to try again.
      if (timer !== null) clearTimeout(timer);
    },
  };
}

function byRoom(hits: readonly FilterHit[]): Map<RoomId, FilterHit[]> {
  const rooms = new Map<RoomId, FilterHit[]>();
  for (const hit of hits) {
    const sofar = rooms.get(hit.room);
    if (sofar === undefined) rooms.set(hit.room, [hit]);
    else sofar.push(hit);
  }
  return rooms;
}

/** Answers the cases that came of it. */
async function writeHits(
  store: Store,
  room: RoomId,
  hits: readonly FilterHit[],
): Promise<CaseId[]> {
  return store.sql.begin(async (tx) => {
    await addFilterHits(tx, room, countHits(hits));
    const opened: CaseId[] = [];
    for (const { author, rule, outcome, at, seq, text = null } of hits) {
      if (outcome !== "alert" || seq === undefined) continue;
      const { id, isNew } = await openCase(tx, { room, author, seq, rule, at, text });
      if (isNew) opened.push(id);
    }
    const deeds = hits.flatMap((hit): Deed[] => (hit.outcome === "shadow" ? [] : [deedOf(hit)]));
    await appendAudit(tx, room, deeds);
    return opened;
  });
}

function deedOf({ author, rule, outcome, at, seq }: FilterHit): Deed {
  return { at, actor: EDDY, action: `filter.${outcome}`, target: author, rule, seq };
}

function countHits(hits: readonly FilterHit[]): RuleHits[] {
  const counts = new Map<string, RuleHits>();
  for (const { rule, outcome, at } of hits) {
    const shadow = outcome === "shadow";
    const key = `${shadow} ${rule}`;
    const known = counts.get(key);
    counts.set(key, { rule, shadow, hits: (known?.hits ?? 0) + 1, lastAt: at });
  }
  return [...counts.values()];
}
