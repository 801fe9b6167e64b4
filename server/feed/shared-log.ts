import { gather } from "../../db/gather.ts";
import type { LogPage } from "../../db/history.ts";
import { Refusal } from "../../protocol/errors.ts";
import type { Fact, FactType } from "../../protocol/facts.ts";

/** How much is shared, and held for the next who ask. */
export interface SharingCaps {
  /** Seqs: whoever is further behind reads alone. They are few, far apart, and want what nobody else does. */
  mostBehind: number;
  /** Facts of one read at least: those who ask for little at a time are served by few reads, too. */
  leastRead: number;
  /** JSON that a room holds; past that the others read alone, and the next begin anew (G11). */
  mostBytes: number;
}

const CAPS: SharingCaps = { mostBehind: 5_000, leastRead: 200, mostBytes: 8_000_000 };

/** Where a log stands. */
type Standing = Pick<LogPage, "epoch" | "head" | "stored" | "n">;

/** What a shared log needs of the world; simulations pass their own. */
export interface LogReads {
  standing: () => Promise<Standing>;
  /** Facts after a position, oldest first. */
  after: (position: number, limit: number) => Promise<LogPage>;
  /** The newest facts. */
  newest: (limit: number) => Promise<LogPage>;
  /** Milliseconds. */
  now: () => number;
  /** Counts what this log holds among all others of the process. */
  held: HeldBytes;
}

/** How much all shared logs of a process hold: whoever finds that it is too much lets go (G11). */
export class HeldBytes {
  readonly #ceiling: number;
  #bytes = 0;

  constructor(ceiling: number) {
    this.#ceiling = ceiling;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get isOver(): boolean {
    return this.#bytes > this.#ceiling;
  }

  /** One log holds so much more, or less. */
  change(by: number): void {
    this.#bytes += by;
  }
}

/** A page that many may hold: nobody changes it. */
export interface SharedPage extends LogPage {
  /** The facts as a JSON array, written once for all who are sent them. */
  json: string;
}

type Ask = { after: number; limit: number } | { newest: number };

/** Between two reads from the log, however often one is asked: what changes without a fact shows by then. */
const HOLD_MS = 2_000;
/** Facts that came since the last look; past that it begins anew. */
const MOST_NEW = 1_000;
/** Pages that are kept as they are sent. */
const MOST_PAGES = 16;
/** A flight that finds the log changed under it looks again; that often in a row it is no coincidence. */
const MOST_TRIES = 10;

/**
 * Reads of one room's log, shared by all who catch up at nearly the same time.
 *
 * Who asks while a read is under way is answered by the next one, so every page holds all that was
 * accepted before it was asked for (G5, G9). Each flight looks first at what is new in the log, then
 * reads what nobody has read yet, and answers from what it holds.
 *
 * Invariant: whatever is held is as it was at `standing.head` or later. A fact that takes text back
 * or replaces it comes with what is new, and what it makes void is dropped before anyone is answered
 * (G19). Flights run one after another, so nothing is held that was read before such a fact was seen.
 */
export class SharedLog {
  readonly #reads: LogReads;
  readonly #caps: SharingCaps;
  readonly #ask = gather<Ask, SharedPage>((asks) => this.#fly(asks));
  #standing: Standing | null = null;
  #held: Stretch[] = [];
  #heldSince = 0;
  #lastFlightAt = -Infinity;
  #isAsked = false;
  readonly #written = new WeakMap<Fact, string>();
  readonly #pages = new Map<string, Cut>();
  #pageBytes = 0;
  /** What was counted of this log among all. */
  #counted = 0;

  constructor(reads: LogReads, caps: SharingCaps = CAPS) {
    this.#reads = reads;
    this.#caps = caps;
  }

  /** Facts after a position, oldest first. */
  async after(position: number, limit: number): Promise<SharedPage> {
    return this.#ask({ after: position, limit });
  }

  /** The newest facts. */
  async newest(limit: number): Promise<SharedPage> {
    return this.#ask({ newest: limit });
  }

  /** Forgets what nobody has asked for since a while. */
  tidy(): void {
    if (this.#isAsked) return;
    if (this.#reads.now() - this.#lastFlightAt > HOLD_MS) this.#forget();
  }

  async #fly(asks: Ask[]): Promise<(SharedPage | Promise<SharedPage>)[]> {
    const startedAt = this.#reads.now();
    this.#isAsked = true;
    if (startedAt - this.#heldSince > HOLD_MS) this.#forget();
    try {
      for (let tries = 0; tries < MOST_TRIES; tries += 1) {
        const standing = await this.#look();
        if (await this.#readMissing(asks, standing)) return this.#answer(asks, standing);
      }
      throw new Refusal("unavailable", "The room is moving too fast; try again in a moment.");
    } finally {
      // Holding pays when others follow; who comes alone leaves nothing behind.
      if (asks.length === 1 && startedAt - this.#lastFlightAt > HOLD_MS) this.#forget();
      else this.#count();
      this.#lastFlightAt = startedAt;
      this.#isAsked = false;
    }
  }

  /** Learns what is new in the log since the last look. */
  async #look(): Promise<Standing> {
    const known = this.#standing;
    if (known === null) {
      this.#heldSince = this.#reads.now();
      this.#standing = await this.#reads.standing();
      return this.#standing;
    }
    const news = await this.#reads.after(known.head, MOST_NEW);
    if (news.epoch !== known.epoch || news.more || news.head < known.head) this.#forget();
    else this.#learn(known.head, news);
    const { epoch, head, stored, n } = news;
    this.#standing = { epoch, head, stored, n };
    return this.#standing;
  }

  #learn(from: number, { head, facts }: LogPage): void {
    for (const fact of facts) {
      if (!changesText[fact.type]) continue;
      this.#dropPages();
      this.#held = this.#held.filter((stretch) => !isTouched(stretch, fact));
    }
    for (const stretch of this.#held) {
      if (stretch.to < from) continue;
      const news = facts.filter(({ seq }) => seq > stretch.to);
      stretch.facts.push(...news);
      stretch.bytes += this.#bytesOf(news);
      stretch.to = Math.max(stretch.to, head);
    }
    if (head > from) this.#dropPages();
  }

  /** Reads what is asked for and not held. False when the log moved meanwhile: look again, then. */
  async #readMissing(asks: Ask[], { epoch, head }: Standing): Promise<boolean> {
    let stands = true;
    const near = asks.filter((ask) => this.#isNear(ask, head));
    // From the earliest on: what one misses holds most of what the others do.
    for (const ask of near.toSorted((a, b) => startOf(a) - startOf(b))) {
      for (let gap = this.#gapOf(ask, head); gap !== null; gap = this.#gapOf(ask, head)) {
        if (this.#stretchBytes > this.#caps.mostBytes) return stands;
        const page =
          "newest" in gap
            ? await this.#reads.newest(gap.newest)
            : await this.#reads.after(gap.after, gap.limit);
        if (page.epoch !== epoch) return false;
        const isWhole = "newest" in gap || !page.more;
        const to = isWhole ? Math.max(page.head, page.prev) : (page.facts.at(-1)?.seq ?? page.prev);
        this.#hold({ from: page.prev, to, facts: page.facts, bytes: this.#bytesOf(page.facts) });
        if (page.head === head) continue;
        stands = false;
        // The newest of now may lie all beyond the head that was looked at.
        if ("newest" in gap) break;
      }
    }
    return stands;
  }

  #isNear(ask: Ask, head: number): boolean {
    return "newest" in ask || head - ask.after <= this.#caps.mostBehind;
  }

  /** What has to be read before an ask can be answered; null when nothing. */
  #gapOf(ask: Ask, head: number): Ask | null {
    if ("newest" in ask) {
      const end = this.#held.find(({ from, to }) => from < head && to >= head);
      return head === 0 || (end !== undefined && (end.from === 0 || end.facts.length >= ask.newest))
        ? null
        : ask;
    }
    let at = ask.after;
    let missing = ask.limit;
    while (missing > 0 && at < head) {
      const stretch = this.#held.find(({ from, to }) => from <= at && at < to);
      // As much as was asked for, though less is missing: those who ask next are a little further on.
      if (stretch === undefined)
        return { after: at, limit: Math.max(ask.limit, this.#caps.leastRead) };
      missing -= stretch.facts.length - indexAfter(stretch.facts, at);
      at = stretch.to;
    }
    return null;
  }

  #hold(read: Stretch): void {
    let whole = read;
    const apart: Stretch[] = [];
    for (const stretch of this.#held) {
      const meets = stretch.from <= whole.to && whole.from <= stretch.to;
      if (meets) whole = this.#join(whole, stretch);
      else apart.push(stretch);
    }
    this.#held = [...apart, whole];
  }

  /** Two stretches that overlap or touch, as one. */
  #join(newer: Stretch, older: Stretch): Stretch {
    const facts = [
      ...older.facts.filter(({ seq }) => seq <= newer.from),
      ...newer.facts,
      ...older.facts.filter(({ seq }) => seq > newer.to),
    ];
    return {
      from: Math.min(newer.from, older.from),
      to: Math.max(newer.to, older.to),
      facts,
      bytes: this.#bytesOf(facts),
    };
  }

  #answer(asks: Ask[], standing: Standing): (SharedPage | Promise<SharedPage>)[] {
    const alone = new Map<string, Promise<SharedPage>>();
    return asks.map((ask) => {
      const key = "newest" in ask ? `newest ${ask.newest}` : `${ask.after} ${ask.limit}`;
      if (this.#isNear(ask, standing.head) && this.#gapOf(ask, standing.head) === null) {
        return { ...standing, ...this.#pageOf(key, ask, standing.head) };
      }
      const reading = alone.get(key) ?? this.#readAlone(ask);
      alone.set(key, reading);
      return reading;
    });
  }

  #pageOf(key: string, ask: Ask, head: number): Cut {
    const known = this.#pages.get(key);
    if (known !== undefined) return known;
    const page = this.#cut(ask, head);
    if (this.#pages.size >= MOST_PAGES || this.#pageBytes > this.#caps.mostBytes) this.#dropPages();
    this.#pages.set(key, page);
    this.#pageBytes += page.json.length;
    return page;
  }

  /** A page that is not held: for all in one flight who ask for the very same. */
  async #readAlone(ask: Ask): Promise<SharedPage> {
    const page =
      "newest" in ask
        ? await this.#reads.newest(ask.newest)
        : await this.#reads.after(ask.after, ask.limit);
    return { ...page, json: JSON.stringify(page.facts) };
  }

  #cut(ask: Ask, head: number): Cut {
    const page = "newest" in ask ? this.#cutNewest(ask.newest, head) : this.#cutAfter(ask, head);
    return { ...page, json: `[${page.facts.map((fact) => this.#write(fact)).join(",")}]` };
  }

  /** A fact in JSON. Cursors differ, so pages differ, but they are made of the same facts. */
  #write(fact: Fact): string {
    const known = this.#written.get(fact);
    if (known !== undefined) return known;
    const json = JSON.stringify(fact);
    this.#written.set(fact, json);
    return json;
  }

  #cutNewest(limit: number, head: number): Pick<LogPage, "prev" | "facts" | "more"> {
    const end = this.#held.find(({ from, to }) => from < head && to >= head);
    if (end === undefined) return { prev: 0, facts: [], more: false };
    const prev = end.facts.at(-limit - 1)?.seq ?? end.from;
    return { prev, facts: end.facts.slice(-limit), more: prev > 0 };
  }

  #cutAfter(
    { after, limit }: { after: number; limit: number },
    head: number,
  ): Pick<LogPage, "prev" | "facts" | "more"> {
    const facts: Fact[] = [];
    let at = after;
    while (facts.length < limit && at < head) {
      const stretch = this.#held.find(({ from, to }) => from <= at && at < to);
      if (stretch === undefined) throw new Error("A page was cut from what is not held");
      const first = indexAfter(stretch.facts, at);
      facts.push(...stretch.facts.slice(first, first + limit - facts.length));
      at = stretch.to;
    }
    const last = facts.at(-1)?.seq ?? after;
    return { prev: after, facts, more: facts.length === limit && last < head };
  }

  #bytesOf(facts: readonly Fact[]): number {
    return facts.reduce((sum, fact) => sum + this.#write(fact).length, 0);
  }

  get #stretchBytes(): number {
    return this.#held.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Tells how much is held, and lets go when it is too much. */
  #count(): void {
    const stretchBytes = this.#stretchBytes;
    const bytes = stretchBytes + this.#pageBytes;
    this.#reads.held.change(bytes - this.#counted);
    this.#counted = bytes;
    if (stretchBytes > this.#caps.mostBytes || this.#reads.held.isOver) this.#forget();
  }

  #dropPages(): void {
    this.#pages.clear();
    this.#pageBytes = 0;
  }

  #forget(): void {
    this.#standing = null;
    this.#held = [];
    this.#dropPages();
    this.#reads.held.change(-this.#counted);
    this.#counted = 0;
  }
}

/** What differs between two pages of one standing. */
type Cut = Pick<SharedPage, "prev" | "facts" | "more" | "json">;

/** All facts with `from < seq <= to`. */
interface Stretch {
  from: number;
  to: number;
  facts: Fact[];
  /** Of the facts in JSON. */
  bytes: number;
}

/** Which facts change how earlier ones are replayed. */
const changesText = {
  "message.sent": false,
  "message.edited": true,
  "message.removed": true,
  "messages.removed": true,
  "messages.restored": true,
  "reaction.added": false,
  "reaction.removed": false,
  "message.pinned": false,
  "message.unpinned": false,
  "message.moved": false,
  "member.muted": false,
  "member.unmuted": false,
  "member.kicked": false,
  "member.banned": false,
  "member.unbanned": false,
  "member.role": false,
  "member.left": false,
  "room.updated": false,
} satisfies Record<FactType, boolean>;

/** Whether a change is about something that a stretch holds; one that names many is about all. */
function isTouched({ facts }: Stretch, change: Fact): boolean {
  if (change.type !== "message.edited" && change.type !== "message.removed") return true;
  const { target } = change;
  return facts.some(
    (fact) => fact.seq === target || (fact.type === "message.edited" && fact.target === target),
  );
}

function startOf(ask: Ask): number {
  return "newest" in ask ? Infinity : ask.after;
}

/** The index of the first fact after a position. */
function indexAfter(facts: readonly Fact[], position: number): number {
  let [low, high] = [0, facts.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((facts[middle]?.seq ?? Infinity) > position) high = middle;
    else low = middle + 1;
  }
  return low;
}
