import type { CommandInput, CommandOutput } from "../../protocol/commands.ts";
import type { Draft, Fact, FactOf, Push } from "../../protocol/facts.ts";
import { RoomId, type Cursor } from "../../protocol/ids.ts";

type EnterReply = CommandOutput<"room:enter">;

export const WATERCOOLER = RoomId.parse("01900000-0000-7000-8000-00000000000a");

/** Seqs that a new epoch leaves out, so that none is handed out twice (G7). */
const EPOCH_GAP = 1_000;

/**
 * A room's log as the contract describes it, in memory: the truth that clients are held against.
 * Written apart from the client's fold, so that a mistake in one is no mistake in the other.
 */
export class SimRoom {
  facts: Fact[] = [];
  epoch = 1;
  stored = 0;
  /** Of every seq that was ever handed out: the seq before it. */
  readonly prevOf = new Map<number, number>();
  /** ClientIds of facts that a loss took, at least once. */
  readonly lostOnce = new Set<string>();
  #top = 0;
  /** How far the log went when each epoch began. */
  #floors: { epoch: number; at: number }[] = [];

  get head(): number {
    return this.facts.at(-1)?.seq ?? 0;
  }

  append(draft: Draft): Fact {
    const fact: Fact = { ...draft, seq: ++this.#top };
    this.prevOf.set(fact.seq, this.head);
    this.facts.push(fact);
    return fact;
  }

  sentAs(author: string, clientId: string): Fact | undefined {
    return this.facts.find(
      (fact) => fact.type === "message.sent" && fact.clientId === clientId && fact.by.id === author,
    );
  }

  store(): void {
    this.stored = this.head;
  }

  /** Redis loses what is not stored. */
  lose(): Push<"room.reset"> {
    const lost = this.facts.filter(({ seq }) => seq > this.stored);
    for (const fact of lost) if (fact.type === "message.sent") this.lostOnce.add(fact.clientId);
    this.facts = this.facts.filter(({ seq }) => seq <= this.stored);
    this.epoch += 1;
    this.#floors.push({ epoch: this.epoch, at: this.head });
    this.#top += EPOCH_GAP;
    const [first, last] = [lost[0], lost.at(-1)];
    const range = first && last ? { from: first.seq, to: last.seq } : null;
    return { room: WATERCOOLER, epoch: this.epoch, lost: range };
  }

  batch(after: number, upTo = Infinity): Push<"room.events"> | null {
    const events = this.facts.filter(({ seq }) => seq > after && seq <= upTo);
    const [first] = events;
    if (first === undefined) return null;
    return { room: WATERCOOLER, epoch: this.epoch, prev: this.#before(first.seq), events };
  }

  enter({ since, limit = 200, catchUp = "all" }: Partial<CommandInput<"room:enter">>): EnterReply {
    const reset = since === undefined ? null : this.#resetFor(since);
    const from = since === undefined ? 0 : Math.min(since.seq, reset ?? since.seq);
    const missed = this.facts.filter(({ seq }) => seq > from);
    const newest = since === undefined || catchUp === "newest";
    const page = newest ? missed.slice(-limit) : missed.slice(0, limit);
    const [first] = page;
    const left = missed.length - page.length;
    const skipped =
      newest && since !== undefined && left > 0 && first !== undefined
        ? { from: from + 1, to: first.seq - 1, count: left }
        : undefined;
    return {
      ...this.#surroundings(),
      prev: first === undefined ? Math.min(from, this.head) : this.#before(first.seq),
      events: page.map((fact) => this.replayed(fact)),
      more: !newest && left > 0,
      ...(skipped === undefined ? {} : { skipped }),
      ...(reset === null ? {} : { resetTo: reset }),
    };
  }

  history({ after, before, limit = 200 }: Partial<CommandInput<"room:history">>) {
    const within = this.facts.filter(
      ({ seq }) => (after === undefined || seq > after) && (before === undefined || seq < before),
    );
    const page = after === undefined ? within.slice(-limit) : within.slice(0, limit);
    const [first, last] = [page[0], page.at(-1)];
    return {
      events: page.map((fact) => this.replayed(fact)),
      prev: first === undefined ? 0 : this.#before(first.seq),
      next: last?.seq ?? 0,
      more: page.length < within.length,
    };
  }

  /** A fact as it is replayed now: without text that was taken back since (G19). */
  replayed(fact: Fact): Fact {
    if (fact.type === "message.sent") {
      const { text, editedAt, removed } = this.present(fact);
      const { text: _, ...rest } = fact;
      if (removed)
        return { ...rest, removed: true, ...(editedAt === undefined ? {} : { editedAt }) };
      return { ...rest, text, ...(editedAt === undefined ? {} : { editedAt }) };
    }
    if (fact.type !== "message.edited") return fact;
    const sent = this.facts.find(({ seq }) => seq === fact.target);
    if (sent?.type !== "message.sent") return fact;
    const { text, removed } = this.present(sent);
    const { text: _, ...rest } = fact;
    return removed ? { ...rest, removed: true } : { ...rest, text };
  }

  /** What a message is now. */
  present(sent: FactOf<"message.sent">) {
    let text = sent.text ?? "";
    let editedAt: string | undefined;
    let alone = false;
    let inBulk = false;
    const within = (targets: readonly (readonly [number, number])[]) =>
      targets.some(([from, to]) => sent.seq >= from && sent.seq <= to);
    for (const fact of this.facts) {
      // A range says which messages were there, never which are to come.
      if (fact.seq < sent.seq) continue;
      if (fact.type === "message.edited" && fact.target === sent.seq) {
        text = fact.text ?? "";
        editedAt = fact.at;
      }
      if (fact.type === "message.removed" && fact.target === sent.seq) alone = true;
      const theirs = fact.type === "messages.removed" && (fact.author ?? sent.by.id) === sent.by.id;
      if (theirs && within(fact.targets)) inBulk = true;
      if (fact.type === "messages.restored" && within(fact.targets)) inBulk = false;
    }
    return { text, editedAt, removed: alone || inBulk };
  }

  #before(seq: number): number {
    return this.facts.findLast((fact) => fact.seq < seq)?.seq ?? 0;
  }

  /** How much of what this cursor has read still stands; null when all of it does. */
  #resetFor({ epoch, seq }: Cursor): number | null {
    const floors = this.#floors.filter((floor) => floor.epoch > epoch).map(({ at }) => at);
    const stands = Math.min(...floors, this.head);
    return seq > stands ? stands : null;
  }

  #surroundings() {
    return {
      room: {
        id: WATERCOOLER,
        slug: "watercooler",
        title: "Water cooler",
        topic: "",
        visibility: "public",
        tags: [],
        locked: false,
        slowModeSeconds: 0,
        createdAt: "2024-01-01T00:00:00.000Z",
        archivedAt: null,
        live: { present: 1, messagesLast5m: 0 },
      },
      me: {
        role: "member",
        sanctions: [],
        lastReadSeq: 0,
        readRanges: [],
        readRevision: 0,
        firstUnread: null,
        unread: 0,
        mentions: 0,
        notify: "all",
      },
      epoch: this.epoch,
      head: this.head,
      stored: this.stored,
      presence: { count: 1, users: [] },
    } satisfies Partial<EnterReply>;
  }
}
