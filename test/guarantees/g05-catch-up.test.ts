import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Socket } from "socket.io-client";

import type { Fact } from "../../protocol/facts.ts";
import { drain } from "../../workers/drain.ts";
import { seed } from "../simulation/seed.ts";
import { eventually } from "../support/eventually.ts";
import { command, openWorld, type Person, say, type World } from "../support/world.ts";
import { type Backstage, idOf, keptLog, openBackstage, untilStored } from "./backstage.ts";
import { Reader, readerOf } from "./reader.ts";
import { openSlowLink } from "./slow-link.ts";

let world: World;
let backstage: Backstage;
let ada: Person;
/** One on each of two gateways: to say things, and to read what was said. */
let writers: Socket[];
beforeAll(async () => {
  // Of what is stored, almost nothing stays hot: catching up has to cross into Postgres.
  world = await openWorld({ env: { HOT_LOG_KEEP: "5" } });
  await world.addGateway();
  backstage = await openBackstage(world);
  ada = await world.person("Ada");
  writers = await Promise.all(world.gateways.map((gateway) => ada.connect(gateway)));
});
afterAll(async () => {
  await backstage.close();
  await world.close();
});

const [first, second] = [0, 1];

/** The whole of a fact but for what later facts may make of it. */
function unchanging(fact: Fact): object {
  const {
    text: _text,
    editedAt: _editedAt,
    removed: _removed,
    ...rest
  } = {
    text: undefined,
    editedAt: undefined,
    removed: undefined,
    ...fact,
  };
  return rest;
}

interface Act {
  kind: "say" | "edit" | "remove" | "react";
  who: number;
  /** Which of the messages so far. */
  pick: number;
}

const anyAct: fc.Arbitrary<Act> = fc.record({
  kind: fc.constantFrom("say", "say", "say", "edit", "remove", "react"),
  who: fc.constantFrom(first, second),
  pick: fc.nat(1_000),
});

const anyReading = fc.record({
  gateway: fc.constantFrom(first, second),
  /** Where its cursor stands, in thousandths of the log; null comes for the first time. */
  since: fc.option(fc.nat(1_000), { nil: null }),
  limit: fc.constantFrom(1, 2, 3, 7, 20, 500),
  catchUp: fc.constantFrom("all" as const, "newest" as const),
});

async function carryOut(room: string, acts: Act[], messages: number[]): Promise<void> {
  for (const { kind, who, pick } of acts) {
    const socket = writers[who];
    const seq = messages[pick % Math.max(1, messages.length)];
    if (socket === undefined) throw new Error("nobody writes");
    if (kind === "say" || seq === undefined) {
      messages.push((await say(socket, room, `line ${messages.length}`)).seq);
    } else if (kind === "edit") {
      await command(socket, "message:edit", { room, seq, text: `edit of ${seq}` });
    } else if (kind === "react") {
      await command(socket, "reaction:add", { room, seq, emoji: "👍" });
    } else {
      await command(socket, "message:remove", { room, seq });
      messages.splice(messages.indexOf(seq), 1);
    }
  }
}

/** Reads what an entering left out, as a client does that wants all. */
async function readSkipped(reader: Reader): Promise<Fact[]> {
  const facts: Fact[] = [];
  for (const { skipped } of reader.replies) {
    if (skipped === undefined) continue;
    let after = skipped.from - 1;
    while (after < skipped.to) {
      const { events } = await command(reader.socket, "room:history", {
        room: reader.room,
        after,
        limit: 500,
      });
      const wanted = events.filter(({ seq }) => seq <= skipped.to);
      facts.push(...wanted);
      after = events.at(-1)?.seq ?? skipped.to;
    }
    expect(facts).toHaveLength(skipped.count);
  }
  return facts;
}

describe("catching up has no gap and no double", () => {
  test(`[G5] a reader who comes back gets exactly what they missed, across hot log and Postgres (seed ${seed})`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyAct, { minLength: 1, maxLength: 60 }),
        fc.array(anyAct, { maxLength: 25 }),
        fc.array(anyReading, { minLength: 1, maxLength: 5 }),
        fc.boolean(),
        async (before, meanwhile, readings, storedFirst) => {
          const room = await ada.openRoom();
          const messages: number[] = [];
          await carryOut(room.id, before, messages);
          const head = before.length;
          if (storedFirst) await untilStored(backstage, idOf(room), head);
          const readers = await Promise.all(
            readings.map(
              async ({ gateway }) =>
                new Reader(await ada.connect(world.gateways[gateway]), room.id),
            ),
          );
          const cursors = readings.map(({ since }) =>
            since === null ? null : Math.floor((since * head) / 1_000),
          );
          await Promise.all([
            carryOut(room.id, meanwhile, messages),
            ...readings.map(({ limit, catchUp }, i) => {
              const seq = cursors[i] ?? null;
              return readers[i]?.enter({
                limit,
                catchUp,
                ...(seq === null ? {} : { since: { epoch: 1, seq } }),
              });
            }),
          ]);
          const end = head + meanwhile.length;
          await eventually(() => {
            for (const reader of readers) expect(reader.cursor.seq).toBe(end);
          });
          await untilStored(backstage, idOf(room), end);
          const log = await keptLog(backstage, idOf(room));
          expect(log.map(({ seq }) => seq)).toEqual(Array.from({ length: end }, (_, i) => i + 1));
          for (const [i, reader] of readers.entries()) {
            expect(reader.problems).toEqual([]);
            const facts = [...(await readSkipped(reader)), ...reader.facts];
            const missed = log.filter(({ seq }) => seq > (cursors[i] ?? (facts[0]?.seq ?? 1) - 1));
            expect(facts.map(unchanging)).toEqual(missed.map(unchanging));
            reader.socket.disconnect();
          }
          // Once all is quiet, whoever comes reads what Postgres has, to the letter.
          const late = await readerOf(await ada.connect(), room.id, {
            since: { epoch: 1, seq: 0 },
            limit: 20,
          });
          expect(late.facts).toEqual(log);
          late.socket.disconnect();
        },
      ),
      { seed, numRuns: 12 },
    );
  }, 60_000);

  test("[G5] those who enter while 200 messages a second are said have every one once", async () => {
    const room = await ada.openRoom();
    const total = 300;
    const saying = Promise.all(
      Array.from({ length: total }, async (_, i) => {
        await new Promise((resolve) => void setTimeout(resolve, i * 5));
        const socket = writers[i % 2];
        if (socket !== undefined) await say(socket, room.id, `line ${i}`);
      }),
    );
    const readers: Reader[] = [];
    const entering = (async () => {
      for (let i = 0; i < 30; i += 1) {
        const socket = await ada.connect(world.gateways[i % 2]);
        const how = i % 3 === 0 ? { limit: 10 } : { since: { epoch: 1, seq: 0 }, limit: 25 };
        readers.push(await readerOf(socket, room.id, how));
      }
    })();
    await Promise.all([saying, entering]);
    await eventually(() => {
      for (const reader of readers) expect(reader.cursor.seq).toBe(total);
    });
    for (const { problems, seqs } of readers) {
      expect(problems).toEqual([]);
      const from = seqs[0] ?? 0;
      expect(seqs).toEqual(Array.from({ length: total - from + 1 }, (_, i) => from + i));
    }
    expect(readers.some(({ seqs }) => seqs.length === total)).toBe(true);
  });

  test("[G5] a trim in the middle of a read makes no gap: the hot log is read first", async () => {
    const link = await openSlowLink(world.stores.databaseUrl);
    const gateway = await world.addGateway({ DATABASE_URL: link.url });
    try {
      const room = await ada.openRoom();
      const socket = await ada.connect(gateway);
      await world.worker?.stop();
      for (let i = 1; i <= 20; i += 1) await say(writers[0] ?? socket, room.id, `line ${i}`);
      await drain(backstage.worker({ keep: 15 }), { shouldStop: () => false });
      // 1 to 5 are in Postgres only. The reader asks for them there, and the answer takes its time;
      // meanwhile everything but the last is trimmed.
      const history = () =>
        command(socket, "room:history", { room: room.id, after: 0, limit: 100 });
      await history();
      link.stall();
      const reading = history();
      await eventually(() => expect(link.waiting()).toBeGreaterThan(0));
      await drain(backstage.worker({ keep: 1 }), { shouldStop: () => false });
      await say(writers[0] ?? socket, room.id, "line 21");
      await drain(backstage.worker({ keep: 1 }), { shouldStop: () => false });
      link.flow();
      const { events } = await reading;
      const seqs = events.map(({ seq }) => seq);
      expect(seqs).toEqual(Array.from({ length: seqs.length }, (_, i) => i + 1));
      expect(seqs.length).toBeGreaterThanOrEqual(20);
    } finally {
      link.flow();
      await world.addWorker();
      await gateway.stop();
      await link.close();
    }
  });

  test("[G5] no absence is too long: a thousand facts come page by page, none larger than asked for", async () => {
    const room = await ada.openRoom();
    for (let from = 0; from < 1_000; from += 250) {
      await Promise.all(
        Array.from({ length: 250 }, (_, i) =>
          say(writers[i % 2] as Socket, room.id, `${from + i}`),
        ),
      );
    }
    await untilStored(backstage, idOf(room), 1_000);
    const reader = await readerOf(await ada.connect(), room.id, {
      since: { epoch: 1, seq: 0 },
      limit: 300,
    });
    expect(reader.problems).toEqual([]);
    expect(reader.replies.map(({ events }) => events.length)).toEqual([300, 300, 300, 100]);
    expect(reader.facts).toEqual(await keptLog(backstage, idOf(room)));
  });
});
