import type { LogPage } from "../../db/history.ts";
import type { Fact } from "../../protocol/facts.ts";
import { MAX_PAGE_FACTS } from "../../protocol/limits.ts";
import { type Batch, cutBatch } from "./batch.ts";
import type { Hint } from "./hint.ts";

/** Facts kept in memory for those who are just entering. */
const RING = 1_000;
/** Facts read at once for one reader: who reads slowly takes them a few at a time, and the rest is read again. */
const READER_PAGE = 100;

/** Which accepted facts an epoch found lost. */
type Lost = { from: number; to: number } | null;

/** Someone who wants a room's facts from a position on. */
export interface Reader {
  /** Sends facts to this one only. */
  push: (batch: Batch) => void;
  /** From now on they get what everyone gets. */
  join: () => void;
  /** What they read belongs to an epoch that is over: they have to enter again. */
  restart: (epoch: number, lost: Lost) => void;
  /** False once they left, or entered again: then nothing more is for them. */
  isWaiting: () => boolean;
  /** Whether they take what they are sent; else they get no more before `whenReading` (G11). */
  isReading: () => boolean;
  whenReading: () => Promise<void>;
}

/** What a feed needs of the world; simulations pass their own. */
export interface FeedPorts {
  readAfter: (after: number, limit: number) => Promise<LogPage>;
  /** Where the log stands: the epoch and the newest seq. */
  readHead: () => Promise<{ epoch: number; head: number }>;
  /** Which range was lost from one epoch to a later one. */
  readLost: (since: number, epoch: number) => Promise<Lost>;
  deliver: (batch: Batch) => void;
  /** Everyone who is live has to enter again. */
  reset: (epoch: number, lost: Lost) => void;
  /** Runs a delivery soon, together with what else arrives until then; it answers how many facts it had. */
  schedule: (run: () => number) => void;
  onGap: () => void;
  onError: (error: unknown) => void;
}

/**
 * The tail of one room's log in this process: every fact once, in order, whatever the hints do.
 *
 * Invariant: everything up to `last` was delivered (or is in `pending`), nothing above it was. A hint
 * that does not follow `last` is not believed; the log is read instead.
 */
export class RoomFeed {
  readonly #ports: FeedPorts;
  #epoch = 0;
  #last = 0;
  #ring: Fact[] = [];
  /** The seq before the first of the ring. */
  #ringPrev = 0;
  #pending: Batch | null = null;
  #repairing: Promise<void> | null = null;
  #again = false;
  #positioned = false;
  /** The last change of epoch that was seen. */
  #change: { from: number; lost: Lost } | null = null;

  constructor(ports: FeedPorts) {
    this.#ports = ports;
  }

  get epoch(): number {
    return this.#epoch;
  }

  get last(): number {
    return this.#last;
  }

  /** Up to where all who are live have been given everything. */
  get delivered(): number {
    return this.#pending?.prev ?? this.#last;
  }

  /** Takes its position. Call once, when the subscription stands. */
  async open(): Promise<void> {
    const { epoch, head } = await this.#ports.readHead();
    this.#position(epoch, head);
    this.#positioned = true;
    // What arrived meanwhile may be newer than the head that was read.
    if (this.#again) await this.repair();
  }

  /** Takes a hint about the log. */
  onHint(hint: Extract<Hint, { kind: "facts" | "reset" }>): void {
    if (!this.#positioned || this.#repairing !== null) {
      this.#again = true;
      return;
    }
    if (hint.epoch < this.#epoch) return;
    if (hint.kind === "reset" || hint.epoch > this.#epoch) {
      this.#startRepair();
      return;
    }
    if (hint.seq <= this.#last) return;
    if (hint.prev > this.#last) {
      this.#startRepair();
      return;
    }
    const facts = parseFacts(hint);
    // Anyone who reaches Redis can publish; what is no list of facts is read from the log.
    if (facts === null) this.#startRepair();
    else this.#accept(hint.prev === this.#last ? facts : this.#newOf(facts), this.#last);
  }

  /** Whether the log is said to stand beyond what was delivered: a hint is under way, or was lost. */
  isBehind(epoch: number, head: number): boolean {
    return this.#positioned && (epoch !== this.#epoch || head > this.#last);
  }

  /** Compares with where the log stood a moment ago; repairs when something was missed (G6). */
  onHead(epoch: number, head: number): void {
    if (this.#repairing === null && this.isBehind(epoch, head)) this.#startRepair();
  }

  /** Reads what was missed from the log and delivers it. Calls at the same time share one reading. */
  async repair(): Promise<void> {
    this.#repairing ??= this.#repair().finally(() => {
      this.#repairing = null;
    });
    return this.#repairing;
  }

  /**
   * Makes a reader live who has everything up to `position`, without a gap or a double: what the feed
   * has beyond goes to this reader alone, and in the same turn they join everyone else (G5). Who does not
   * read is given nothing meanwhile (G11).
   * `read` is what the reader just read from the log; it may be ahead of the feed.
   */
  async attach(
    reader: Reader,
    position: number,
    read: { epoch: number; prev: number; facts: Fact[] },
  ): Promise<void> {
    this.#learn(read);
    let at = position;
    while (reader.isWaiting()) {
      if (this.#epoch !== read.epoch) {
        await this.repair();
        if (!reader.isWaiting()) return;
        if (this.#epoch !== read.epoch)
          return reader.restart(this.#epoch, this.#lostSince(read.epoch));
        continue;
      }
      if (!reader.isReading()) {
        await reader.whenReading();
        continue;
      }
      this.#flush();
      if (at > this.#last) {
        await this.repair();
        if (at > this.#last) at = this.#last;
        continue;
      }
      const missing = this.#ringAfter(at);
      if (missing !== null) {
        at = handOver(reader, { epoch: this.#epoch, prev: at, events: missing });
        if (at < this.#last) continue;
        reader.join();
        return;
      }
      const page = await this.#ports.readAfter(at, READER_PAGE);
      if (!reader.isWaiting()) return;
      if (page.epoch !== read.epoch) {
        await this.repair();
        continue;
      }
      const end = page.facts.at(-1)?.seq ?? at;
      at = handOver(reader, { epoch: page.epoch, prev: at, events: page.facts });
      if (at < end) continue;
      // Nothing between here and the feed: seqs that a new epoch skipped.
      at = page.more ? end : Math.max(end, Math.min(this.#last, page.head));
    }
  }

  /** Believes facts that someone just read from the log: entering is a repair, too. */
  #learn({ epoch, prev, facts }: { epoch: number; prev: number; facts: Fact[] }): void {
    if (epoch !== this.#epoch || this.#repairing !== null || prev > this.#last) return;
    this.#accept(this.#newOf(facts), this.#last);
  }

  #newOf(facts: Fact[]): Fact[] {
    return facts.filter(({ seq }) => seq > this.#last);
  }

  #startRepair(): void {
    this.#ports.onGap();
    this.repair().catch(this.#ports.onError);
  }

  async #repair(): Promise<void> {
    do {
      this.#again = false;
      for (;;) {
        const page = await this.#ports.readAfter(this.#last, MAX_PAGE_FACTS);
        if (page.epoch !== this.#epoch) {
          await this.#newEpoch();
          break;
        }
        if (page.facts.length > 0) this.#accept(page.facts, this.#last);
        if (!page.more) break;
      }
    } while (this.#again);
  }

  /** There may have been several losses since this feed last looked: the range covers them all. */
  async #newEpoch(): Promise<void> {
    const { epoch: now, head } = await this.#ports.readHead();
    const lost = await this.#ports.readLost(this.#epoch, now);
    this.#flush();
    this.#change = { from: this.#epoch, lost };
    this.#position(now, head);
    this.#ports.reset(now, lost);
  }

  #position(epoch: number, head: number): void {
    this.#epoch = epoch;
    this.#last = head;
    this.#ring = [];
    this.#ringPrev = head;
  }

  #accept(facts: Fact[], prev: number): void {
    const end = facts.at(-1)?.seq;
    if (end === undefined) return;
    this.#last = end;
    this.#ring.push(...facts);
    if (this.#ring.length > RING * 2) {
      const dropped = this.#ring.splice(0, this.#ring.length - RING);
      this.#ringPrev = dropped.at(-1)?.seq ?? this.#ringPrev;
    }
    if (this.#pending !== null) {
      this.#pending.events.push(...facts);
      return;
    }
    this.#pending = { epoch: this.#epoch, prev, events: [...facts] };
    this.#ports.schedule(() => this.#flush());
  }

  #flush(): number {
    const batch = this.#pending;
    if (batch === null) return 0;
    this.#pending = null;
    for (const piece of cutBatch(batch)) this.#ports.deliver(piece);
    return batch.events.length;
  }

  #lostSince(epoch: number): Lost {
    return this.#change?.from === epoch ? this.#change.lost : null;
  }

  /** Facts of the ring after a position; null when it does not reach back that far. */
  #ringAfter(position: number): Fact[] | null {
    if (position === this.#last) return [];
    if (position < this.#ringPrev) return null;
    return this.#ring.filter(({ seq }) => seq > position);
  }
}

/** Gives a reader a batch, a frame at a time and while it reads; answers up to where. */
function handOver(reader: Reader, batch: Batch): number {
  let at = batch.prev;
  for (const piece of cutBatch(batch)) {
    if (piece.events.length === 0 || !reader.isReading()) break;
    reader.push(piece);
    at = piece.events.at(-1)?.seq ?? at;
  }
  return at;
}

/** The facts of a hint; null when they are not the ones that it announces. */
function parseFacts({ json, prev, seq }: Extract<Hint, { kind: "facts" }>): Fact[] | null {
  let facts: unknown;
  try {
    facts = JSON.parse(json);
  } catch {
    return null;
  }
  if (!Array.isArray(facts)) return null;
  let at = prev;
  for (const fact of facts as (Partial<Fact> | null)[]) {
    const next = fact?.seq ?? at;
    if (next <= at || typeof fact?.by?.id !== "string") return null;
    at = next;
  }
  return at === seq ? (facts as Fact[]) : null;
}
