import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Socket } from "socket.io-client";

import type { Fact } from "../../protocol/facts.ts";
import type { Batch } from "../../server/feed/batch.ts";
import { RoomFeed } from "../../server/feed/room-feed.ts";
import type { Gateway } from "../../server/gateway.ts";
import { drain } from "../../workers/drain.ts";
import { seed } from "../simulation/seed.ts";
import { eventually } from "../support/eventually.ts";
import { command, openWorld, type Person, say, type World } from "../support/world.ts";
import { type Backstage, idOf, keptLog, openBackstage, untilStored } from "./backstage.ts";
import { Reader, readerOf } from "./reader.ts";
import { openSlowLink, type SlowLink } from "./slow-link.ts";

let world: World;
let backstage: Backstage;
let ada: Person;
/** One on each of two gateways: to say things, and to read what was said. */
let writers: Socket[];
/** A third gateway, whose stores can be slow. */
let slow: Gateway;
let postgres: SlowLink;
let redis: SlowLink;
beforeAll(async () => {
  // Of what is stored, almost nothing stays hot: catching up has to cross into Postgres.
  world = await openWorld({ env: { HOT_LOG_KEEP: "5" } });
  await world.addGateway();
  backstage = await openBackstage(world);
  ada = await world.person("Ada");
  postgres = await openSlowLink(world.stores.databaseUrl);
  redis = await openSlowLink(world.stores.redisUrl);
  writers = await Promise.all(world.gateways.map((gateway) => ada.connect(gateway)));
  slow = await world.addGateway({ DATABASE_URL: postgres.url, REDIS_URL: redis.url });
});
afterAll(async () => {
  postgres.flow();
  redis.flow();
  await backstage.close();
  await world.close();
  await Promise.all([postgres.close(), redis.close()]);
});

const [first, second] = [0, 1];

const drainNow = () => drain(backstage.worker({ keep: 1 }), { shouldStop: () => false });

/** Facts of nobody in particular, as a hint carries them. */
function writeFacts(...seqs: number[]): string {
  return JSON.stringify(seqs.map((seq) => ({ seq, by: { id: "somebody" } })));
}

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

function never(): never {
  throw new Error("Nothing is to be read, and nothing goes wrong");
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
      // A failing run waits out its patience; shrinking would do so a hundred times.
      { seed, numRuns: 12, endOnFailure: true },
    );
  }, 60_000);

  test("[G5] those who enter while two people say 300 messages have every one once", async () => {
    const room = await ada.openRoom();
    const total = 300;
    const saying = Promise.all(
      writers.map(async (socket, which) => {
        // Each says the next when the last is heard: as fast as it goes, for as long as others enter.
        for (let i = which; i < total; i += writers.length) await say(socket, room.id, `line ${i}`);
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
    const room = await ada.openRoom();
    const socket = await ada.connect(slow);
    const sayLines = async (from: number, to: number) => {
      for (let i = from; i <= to; i += 1) await say(writers[0] as Socket, room.id, `line ${i}`);
    };
    await world.worker?.stop();
    await sayLines(1, 6);
    await drainNow();
    await sayLines(7, 20);
    // 1 to 5 are in Postgres only, 7 to 20 in the hot log only. Postgres' answer takes its time;
    // meanwhile all is stored, and everything but the last is trimmed.
    const history = () => command(socket, "room:history", { room: room.id, after: 0, limit: 100 });
    // Prepared on every connection, the statement runs when it is asked for; only its answer waits.
    for (let i = 0; i < 10; i += 1) await history();
    postgres.stall();
    const reading = history();
    await eventually(() => expect(postgres.waiting()).toContain("line 3"));
    await drainNow();
    postgres.flow();
    const { events } = await reading;
    expect(events.map(({ seq }) => seq)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    await world.addWorker();
  });

  test("[G5] what was said while the page was on its way comes right behind it, once", async () => {
    for (let round = 0; round < 5; round += 1) {
      // A new room each time: of one where others have just caught up, only what is new is read.
      const room = await ada.openRoom();
      for (let i = 1; i <= 3; i += 1) await say(writers[0] as Socket, room.id, `line ${i}`);
      const witness = await readerOf(await ada.connect(slow), room.id);
      const reader = new Reader(await ada.connect(slow), room.id);
      redis.stall(/\r\nbefore\r\n/u);
      const entering = reader.enter({ limit: 3 });
      await eventually(() => expect(redis.waiting()).not.toBe(""));
      // The feed hears of these before the page arrives that does not have them.
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, i) => say(writers[i % 2] as Socket, room.id, `more ${i}`)),
      );
      const head = Math.max(...answers.map(({ seq }) => seq));
      await eventually(() => expect(witness.seqs.length).toBeGreaterThan(head - 20));
      redis.flow();
      await entering;
      await eventually(() => expect(reader.cursor.seq).toBe(head));
      expect(reader.replies[0]?.head).toBe(head - 20);
      expect(reader.problems).toEqual([]);
      expect(reader.seqs).toEqual(Array.from({ length: 23 }, (_, i) => head - 22 + i));
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

  test("[G5] what waits to be delivered is not given twice to who enters meanwhile", async () => {
    const waiting: (() => void)[] = [];
    const given: string[] = [];
    const note = (to: string) => (batch: Batch) => {
      given.push(`${to}: ${batch.prev} | ${batch.events.map(({ seq }) => seq).join(" ")}`);
    };
    const feed = new RoomFeed({
      readAfter: never,
      readHead: () => Promise.resolve({ epoch: 1, head: 0 }),
      readLost: never,
      deliver: note("all"),
      reset: never,
      schedule: (run) => waiting.push(run),
      onGap: never,
      onError: never,
    });
    const hint = (seq: number) =>
      feed.onHint({ kind: "facts", epoch: 1, prev: seq - 1, seq, json: writeFacts(seq) });
    await feed.open();
    hint(1);
    hint(2);
    await feed.attach(
      {
        push: note("newcomer"),
        join: () => given.push("joined"),
        restart: never,
        isWaiting: () => true,
        isReading: () => true,
        whenReading: never,
      },
      1,
      { epoch: 1, prev: 0, facts: [] },
    );
    hint(3);
    for (const run of waiting) run();
    expect(given).toEqual(["all: 0 | 1 2", "newcomer: 1 | 2", "joined", "all: 2 | 3"]);
  });
});
