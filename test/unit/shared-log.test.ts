import { isDeepStrictEqual } from "node:util";

import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";

import type { LogPage } from "../../db/history.ts";
import type { Fact } from "../../protocol/facts.ts";
import { ClientId, UserId } from "../../protocol/ids.ts";
import {
  HeldBytes,
  type LogReads,
  SharedLog,
  type SharedPage,
} from "../../server/feed/shared-log.ts";
import { seed } from "../simulation/seed.ts";

const by = { id: UserId.parse("01900000-0000-7000-8000-00000000000a"), name: "Ada" };
const clientId = ClientId.parse("01900000-0000-7000-8000-00000000000b");
const at = "2026-01-01T00:00:00.000Z";

/** A room's log in memory: pages are of the instant in which they are read, and arrive later. */
class MemoryLog implements LogReads {
  facts: Fact[] = [];
  epoch = 1;
  reads = 0;
  clockMs = 0;
  /** Runs between a read and its arrival. */
  meanwhile: () => void = () => {};

  get head(): number {
    return this.facts.at(-1)?.seq ?? 0;
  }

  say(text: string): number {
    const seq = this.head + 1;
    this.facts.push({ seq, type: "message.sent", at, by, clientId, text, mentions: [] });
    return seq;
  }

  edit(target: number, text: string): void {
    this.#rewrite(target, { text });
    this.facts.push({ seq: this.head + 1, type: "message.edited", at, by, target, text });
  }

  remove(target: number): void {
    this.#rewrite(target, { removed: true });
    this.facts.push({ seq: this.head + 1, type: "message.removed", at, by, target });
  }

  /** As Redis does: the message and its earlier edits, in the step of the change. */
  #rewrite(target: number, now: { text: string } | { removed: true }): void {
    this.facts = this.facts.map((fact): Fact => {
      const isIt = fact.seq === target && fact.type === "message.sent";
      const isItsEdit = fact.type === "message.edited" && fact.target === target;
      if (!isIt && !isItsEdit) return fact;
      const { text: _text, ...rest } = fact;
      return { ...rest, ...now };
    });
  }

  /** The newest facts are lost; a new epoch begins above every seq that was ever given. */
  lose(epochJump: number): void {
    this.epoch += 1;
    const seq = this.head + epochJump;
    this.facts = this.facts.slice(0, -2);
    this.facts.push({
      seq,
      type: "message.sent",
      at,
      by,
      clientId,
      text: `anew-${seq}`,
      mentions: [],
    });
  }

  page(prev: number, facts: Fact[], more: boolean): LogPage {
    const { epoch, head } = this;
    return { epoch, head, stored: 0, n: 0, prev, facts, more };
  }

  readonly standing = async () => this.#arrive(this.page(0, [], false));

  readonly after = async (position: number, limit: number) => {
    const rest = this.facts.filter(({ seq }) => seq > position);
    const facts = rest.slice(0, limit);
    return this.#arrive(this.page(position, facts, rest.length > facts.length));
  };

  readonly newest = async (limit: number) => {
    const facts = this.facts.slice(-limit);
    const prev = this.facts.at(-limit - 1)?.seq ?? 0;
    return this.#arrive(this.page(prev, facts, prev > 0));
  };

  readonly now = () => this.clockMs;

  held = new HeldBytes(Infinity);

  async #arrive<T>(read: T): Promise<T> {
    this.reads += 1;
    await nextTurn();
    this.meanwhile();
    return read;
  }
}

function roomOf(messages: number): MemoryLog {
  const log = new MemoryLog();
  for (let i = 1; i <= messages; i += 1) log.say(`line ${i}`);
  return log;
}

const nextTurn = async () => new Promise<void>((resolve) => void setImmediate(resolve));

const seqs = ({ facts }: { facts: Fact[] }) => facts.map(({ seq }) => seq);

describe("reads of a log that many share", () => {
  test("a thousand cursors of all kinds cost a few reads, and all are told the same", async () => {
    const log = roomOf(1_000);
    const shared = new SharedLog(log);
    const cursors = Array.from({ length: 1_000 }, (_, i) => 700 + (i % 250));
    const pages = await Promise.all(cursors.map((cursor) => shared.after(cursor, 200)));
    for (const [i, page] of pages.entries()) {
      const own = log.facts.filter(({ seq }) => seq > (cursors[i] ?? 0)).slice(0, 200);
      expect(page.json).toBe(JSON.stringify(own));
      expect(page.more).toBe((cursors[i] ?? 0) + 200 < 1_000);
    }
    expect(log.reads).toBeLessThan(5);
  });

  test("what comes between two storms is read alone", async () => {
    const log = roomOf(400);
    const shared = new SharedLog(log);
    await Promise.all(Array.from({ length: 10 }, () => shared.after(200, 200)));
    const { reads } = log;
    log.say("news");
    const pages = await Promise.all(Array.from({ length: 10 }, () => shared.after(200, 500)));
    expect(pages.map((page) => page.facts.length)).toEqual(pages.map(() => 201));
    expect(log.reads).toBe(reads + 1);
  });

  test("[G19] what was removed or replaced since is not answered, though the page was held", async () => {
    const log = roomOf(10);
    const shared = new SharedLog(log);
    const ask = () => Promise.all([shared.after(0, 200), shared.newest(200), shared.after(2, 5)]);
    await ask();
    log.edit(3, "second thoughts");
    expect(JSON.stringify(await ask())).not.toContain("line 3");
    log.remove(3);
    expect(JSON.stringify(await ask())).not.toContain("second thoughts");
  });

  test("[G19] nor when it is removed while other pages of the same call are read", async () => {
    const log = roomOf(10);
    const shared = new SharedLog(log, { mostBehind: 100, leastRead: 1, mostBytes: 10_000 });
    let pages = 0;
    log.meanwhile = () => {
      pages += 1;
      // The page with it has just been read; the one of the other cursor is still to come.
      if (pages === 2) log.remove(9);
    };
    const answered = await Promise.all([shared.after(8, 1), shared.after(9, 1)]);
    expect(JSON.stringify(answered)).not.toContain("line 9");
  });

  test("what changes without a fact shows in the end", async () => {
    const log = roomOf(3);
    const shared = new SharedLog(log);
    const ask = () => Promise.all([shared.after(0, 200), shared.after(0, 200)]);
    await ask();
    log.facts = log.facts.slice(1);
    log.clockMs += 2_001;
    const [page] = await ask();
    expect(seqs(page)).toEqual([2, 3]);
  });

  test("who is far behind shares only with those who ask for the very same", async () => {
    const log = roomOf(10_000);
    const shared = new SharedLog(log);
    const asks = [3, 3, 9_900, 7, 9_950].map((cursor) => shared.after(cursor, 200));
    const pages = await Promise.all(asks);
    expect(pages.map(({ prev, facts }) => [prev, facts.length])).toEqual([
      [3, 200],
      [3, 200],
      [9_900, 100],
      [7, 200],
      [9_950, 50],
    ]);
    for (const { facts, json } of pages) expect(json).toBe(JSON.stringify(facts));
    // Where it stands, what is near, and two pages of those who are far.
    expect(log.reads).toBe(4);
  });

  test("[G11] who is far behind holds up nobody", async () => {
    const { standing, after, newest, now, held } = roomOf(10_000);
    const shared = new SharedLog({
      standing,
      // Postgres, which does not answer.
      after: (position, limit) =>
        position < 5_000 ? new Promise<never>(() => {}) : after(position, limit),
      newest,
      now,
      held,
    });
    void shared.after(3, 200);
    expect(seqs(await shared.after(9_990, 200))).toHaveLength(10);
    void shared.after(7, 200);
    expect(seqs(await shared.after(9_990, 200))).toHaveLength(10);
  });

  test("[G11] what is held stays within its bounds, of a room and of all, and nobody is told less for it", async () => {
    const log = roomOf(1_000);
    const caps = { mostBehind: 5_000, leastRead: 10, mostBytes: 10_000 };
    const shared = new SharedLog(log, caps);
    const cursors = Array.from({ length: 100 }, (_, i) => i * 10);
    const ask = () => Promise.all(cursors.map((cursor) => shared.after(cursor, 10)));
    for (const [i, page] of (await ask()).entries()) {
      expect(seqs(page)).toEqual(Array.from({ length: 10 }, (_, n) => i * 10 + n + 1));
    }
    expect(log.held.bytes).toBe(0);
    log.held = new HeldBytes(1_000);
    const few = [990, 991].map((cursor) => shared.after(cursor, 10));
    expect((await Promise.all(few)).map(({ facts }) => facts.length)).toEqual([10, 9]);
    expect(log.held.bytes).toBe(0);
    log.held = new HeldBytes(10_000);
    await Promise.all([990, 991].map((cursor) => shared.after(cursor, 10)));
    expect(log.held.bytes).toBeGreaterThan(1_000);
    log.clockMs += 2_001;
    shared.tidy();
    expect(log.held.bytes).toBe(0);
  });

  test("who comes alone leaves nothing behind", async () => {
    const log = roomOf(3);
    const shared = new SharedLog(log);
    await shared.after(0, 200);
    const { reads } = log;
    await shared.after(0, 200);
    expect(log.reads).toBe(reads + 2);
  });
});

type Happening =
  | { do: "say" }
  | { do: "edit" | "remove"; pick: number }
  | { do: "lose"; jump: number }
  | { do: "pause"; ms: number }
  | { do: "after"; pick: number; limit: number }
  | { do: "newest"; limit: number }
  | { do: "wait"; turns: number };

const happening: fc.Arbitrary<Happening> = fc.oneof(
  fc.record({ do: fc.constant("say" as const) }),
  fc.record({ do: fc.constant("edit" as const), pick: fc.nat() }),
  fc.record({ do: fc.constant("remove" as const), pick: fc.nat() }),
  fc.record({ do: fc.constant("lose" as const), jump: fc.integer({ min: 3, max: 1_000 }) }),
  fc.record({ do: fc.constant("pause" as const), ms: fc.nat(3_000) }),
  fc.record({
    do: fc.constant("after" as const),
    pick: fc.nat(),
    limit: fc.integer({ min: 1, max: 8 }),
  }),
  fc.record({ do: fc.constant("newest" as const), limit: fc.integer({ min: 1, max: 8 }) }),
  fc.record({ do: fc.constant("wait" as const), turns: fc.nat(6) }),
);

/** What is wrong with a page, in a few words; nothing when it is as good as one's own. */
type Problem = string | false;

/** Plays happenings and answers what was wrong with the pages that were asked for in between. */
async function play(happenings: Happening[]): Promise<Problem[]> {
  const log = new MemoryLog();
  // Tight: some are far behind, and now and then a room holds too much.
  const shared = new SharedLog(log, { mostBehind: 20, leastRead: 1, mostBytes: 4_000 });
  const verdicts: Promise<Problem[]>[] = [];
  const takenBack: string[] = [];
  let said = 0;

  const judge = async (
    reading: Promise<SharedPage>,
    judgeFacts: (page: SharedPage) => Problem[],
  ): Promise<Problem[]> => {
    const asked = { epoch: log.epoch, head: log.head, takenBack: [...takenBack] };
    const page = await reading;
    return [
      asked.takenBack.some((text) => page.json.includes(`"${text}"`)) && "text that was taken back",
      page.json !== JSON.stringify(page.facts) && "other JSON than facts",
      page.epoch < asked.epoch && "an epoch that was over",
      page.epoch === asked.epoch && page.head < asked.head && "older than what was asked",
      // What was lost cannot be compared any more.
      ...(page.epoch === log.epoch ? judgeFacts(page) : []),
    ];
  };
  const change = (one: Extract<Happening, { do: "edit" | "remove" }>) => {
    const messages = log.facts.filter((fact) => fact.type === "message.sent");
    const target = messages[one.pick % Math.max(1, messages.length)];
    if (target?.text === undefined) return;
    takenBack.push(target.text);
    said += 1;
    if (one.do === "edit") log.edit(target.seq, `text-${said}`);
    else log.remove(target.seq);
  };
  const carryOut = async (one: Happening) => {
    switch (one.do) {
      case "wait":
        for (let i = 0; i < one.turns; i += 1) await nextTurn();
        return;
      case "say":
        said += 1;
        return void log.say(`text-${said}`);
      case "edit":
      case "remove":
        return change(one);
      case "lose":
        return log.lose(one.jump);
      case "pause":
        log.clockMs += one.ms;
        return;
      case "after": {
        const position = one.pick % (log.head + 2);
        const judgeAfter = (page: SharedPage): Problem[] => {
          const upTo = page.more ? (page.facts.at(-1)?.seq ?? 0) : page.head;
          const own = log.facts.filter(({ seq }) => seq > position && seq <= upTo);
          return [
            !isDeepStrictEqual(seqs(page), seqs({ facts: own })) && "a gap, or a double",
            page.facts.length > one.limit && "over its limit",
          ];
        };
        return void verdicts.push(judge(shared.after(position, one.limit), judgeAfter));
      }
      case "newest": {
        const judgeNewest = (page: SharedPage): Problem[] => {
          const own = log.facts.filter(({ seq }) => seq <= page.head);
          const newest = seqs({ facts: own.slice(-one.limit) });
          const behind = own.filter(({ seq }) => seq <= page.prev).length;
          return [
            !isDeepStrictEqual(seqs(page), newest) && "not the newest",
            behind + newest.length !== own.length && "a gap before the newest",
          ];
        };
        return void verdicts.push(judge(shared.newest(one.limit), judgeNewest));
      }
    }
  };

  for (const one of happenings) {
    // A turn only where one is waited for: everything else falls together.
    const waiting = carryOut(one);
    if (one.do === "wait") await waiting;
  }
  return (await Promise.all(verdicts)).flat().filter((problem) => problem !== false);
}

test(`[G5] [G9] [G19] a shared page is as good as one's own, whatever happens meanwhile (seed ${seed})`, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { maxLength: 60 }), async (happenings) => {
      expect(await play(happenings)).toEqual([]);
    }),
    { seed, numRuns: 1_500 },
  );
});
