import fc from "fast-check";

import { hashOf, type Row, type Told } from "./history.ts";

/** The one room of a made-up history. */
export const ROOM = "watercooler";
/** Where the second epoch of a made-up history begins. */
const SECOND_BASE = 100_000;

/** Something that a sender does in a made-up history. */
const step = fc.record({
  sender: fc.constantFrom("ada", "grace", "linus"),
  fate: fc.constantFrom("accepted", "accepted", "accepted", "refused", "unanswered"),
});

/**
 * Histories in which everything holds: senders send, are refused or stay unanswered, Redis loses its
 * tail once, its senders send that again, a reader is told everything, and someone is banned at the end.
 */
export const soundHistory = fc
  .record({
    before: fc.array(step, { minLength: 4, maxLength: 30 }),
    lost: fc.integer({ min: 1, max: 3 }),
    after: fc.array(step, { minLength: 4, maxLength: 30 }),
  })
  .map(({ before, lost, after }) => new Writer().write(before, lost, after));

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Writes a history down as the recorders of a run would. */
class Writer {
  readonly #rows: Row[] = [];
  #log: Told[] = [];
  #epoch = 1;
  #head = 0;
  #t = 0;
  #sends = 0;

  write(before: Step[], lost: number, after: Step[]): Row[] {
    const { epoch, prev } = { epoch: 1, prev: 0 };
    this.#rows.push({
      kind: "enter",
      calledAt: 0,
      t: 0,
      who: "reader",
      user: "reader",
      room: ROOM,
      since: null,
      epoch,
      prev,
    });
    for (const one of before) this.#do(one);
    for (const sender of ["ada", "grace", "linus"]) this.#do({ sender, fate: "accepted" });
    this.#lose(lost);
    for (const one of after) this.#do(one);
    const banned = this.#append({
      type: "member.banned",
      by: "root",
      identity: "ban",
      user: "linus",
    });
    const t = this.#now();
    this.#rows.push({
      kind: "sanction",
      calledAt: t - 1,
      t,
      room: ROOM,
      user: "linus",
      act: "ban",
      outcome: "ok",
    });
    this.#do({ sender: "ada", fate: "accepted" });
    this.#read(banned - 1);
    this.#end();
    return this.#rows;
  }

  #now(): number {
    this.#t += 10;
    return this.#t;
  }

  #append(fact: Omit<Told, "seq" | "text"> & { text?: string | null }): number {
    this.#head = Math.max(this.#head, this.#epoch === 1 ? 0 : SECOND_BASE) + 1;
    const told: Told = { text: null, ...fact, seq: this.#head };
    this.#log.push(told);
    const reader = { who: "reader", user: "reader", room: ROOM, way: "live" as const };
    this.#rows.push({ kind: "fact", t: this.#now(), ...reader, epoch: this.#epoch, fact: told });
    return this.#head;
  }

  #do({ sender, fate }: { sender: string; fate: Step["fate"] }): void {
    this.#sends += 1;
    this.#send(sender, `c${this.#sends}`, fate);
  }

  #send(sender: string, clientId: string, fate: Step["fate"]): void {
    const by = { who: sender, user: sender, room: ROOM, clientId };
    const text = hashOf(`text of ${clientId}`);
    const sentAt = this.#now();
    this.#rows.push({ kind: "send", t: sentAt, ...by, text });
    const said = { type: "message.sent", by: sender, identity: clientId, clientId, text } as const;
    if (fate === "accepted") {
      const place = { epoch: this.#epoch, seq: this.#append(said) };
      this.#rows.push({ kind: "answer", t: this.#now(), ...by, sentAt, outcome: "ok", place });
      this.#rows.push({ kind: "stored", t: this.#now(), ...by });
    } else if (fate === "unanswered") {
      this.#append(said);
      this.#rows.push({ kind: "answer", t: this.#now(), ...by, sentAt, outcome: "unknown" });
    } else {
      this.#rows.push({
        kind: "answer",
        t: this.#now(),
        ...by,
        sentAt,
        outcome: "fail",
        code: "muted",
      });
    }
  }

  /** The last facts go, and are sent again by those who stayed. */
  #lose(count: number): void {
    const gone = this.#log.splice(-count);
    const t = this.#now();
    this.#rows.push({
      kind: "fault",
      t,
      endedAt: t,
      name: "flushall",
      target: "redis",
      losesRedis: true,
    });
    const to = this.#log.at(-1)?.seq ?? 0;
    this.#epoch = 2;
    const reader = { who: "reader", user: "reader", room: ROOM };
    const range = { from: to + 1, to: SECOND_BASE };
    this.#rows.push({ kind: "lost", t: this.#now(), ...reader, epoch: 2, ...range });
    this.#rows.push({ kind: "reset", t: this.#now(), ...reader, to });
    for (const { by, clientId } of gone) {
      // Whoever was told that it is stored keeps nothing: it would be sent again only if it was not.
      const told = this.#rows.findIndex(
        (row) => row.kind === "stored" && row.clientId === clientId,
      );
      if (told >= 0) this.#rows.splice(told, 1);
      if (clientId !== undefined) this.#send(by, clientId, "accepted");
    }
  }

  #read(from: number): void {
    const calledAt = this.#now();
    const seqs = this.#log.map(({ seq }) => seq).filter((seq) => seq > from);
    this.#rows.push({
      kind: "read",
      calledAt,
      t: this.#now(),
      who: "reader",
      room: ROOM,
      from,
      to: this.#head,
      seqs,
    });
  }

  #end(): void {
    const t = this.#now();
    for (const who of ["ada", "grace", "linus"])
      this.#rows.push({ kind: "stayed", t, who, user: who });
    this.#rows.push({
      kind: "sample",
      t,
      process: "gateway a",
      rssMb: 150,
      descriptors: 60,
      unreadMb: 0,
    });
    this.#rows.push({ kind: "session", t, who: "visitor", user: "visitor", endsAt: t });
    const facts = this.#log;
    const head = this.#head;
    const previousEnd = facts.findLast(({ seq }) => seq <= SECOND_BASE)?.seq ?? 0;
    const messages = facts.flatMap(({ type, seq, text }) =>
      type === "message.sent" ? [{ seq, text, removed: false }] : [],
    );
    this.#rows.push({
      kind: "kept",
      room: ROOM,
      storedSeq: head,
      pending: 0,
      facts,
      messages,
      epochs: [
        { epoch: 1, base: 0, previousEnd: 0, seeded: true },
        { epoch: 2, base: SECOND_BASE, previousEnd, seeded: true },
      ],
    });
    this.#rows.push({ kind: "hot", room: ROOM, head, stored: head, dirty: false, facts });
    this.#rows.push({ kind: "view", t, who: "reader", room: ROOM, start: 0, head, messages });
  }
}
