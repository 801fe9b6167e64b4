import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Socket } from "socket.io-client";

import type { ErrorReply } from "../../protocol/errors.ts";
import type { Fact } from "../../protocol/facts.ts";
import type { Room } from "../../protocol/shapes.ts";
import type { Gateway } from "../../server/gateway.ts";
import { eventually } from "../support/eventually.ts";
import { ask, command, openWorld, type Person, say, type World } from "../support/world.ts";
import { type Backstage, openBackstage } from "./backstage.ts";
import { Reader } from "./reader.ts";
import { openSlowLink, type SlowLink } from "./slow-link.ts";

const RETURNING = 320;
const TABS = 8;
/** Texts taken back, to see whether one of them is sent later. */
const ENOUGH = 20;

let world: World;
let backstage: Backstage;
let ada: Person;
/** On the first gateway: what is said there reaches the others by Redis alone. */
let writer: Socket;
let people: Person[];
beforeAll(async () => {
  // Nobody stores: all of it is hot, and nothing has to be read from Postgres.
  world = await openWorld({ worker: false });
  backstage = await openBackstage(world);
  ada = await world.person("Ada");
  writer = await ada.connect();
  people = await Promise.all(
    Array.from({ length: RETURNING / TABS }, (_, i) => world.person(`Guest ${i + 1}`)),
  );
});
afterAll(async () => {
  await backstage.close();
  await world.close();
});

/** Many sockets of many people, connected to one gateway and in no room yet. */
function connectAll(gateway: Gateway): Promise<Socket[]> {
  return Promise.all(
    Array.from({ length: RETURNING }, (_, i) => people[i % people.length] as Person).map((one) =>
      one.connect(gateway),
    ),
  );
}

async function roomWith(messages: number): Promise<Room> {
  const room = await ada.openRoom();
  for (let i = 1; i <= messages; i += 1) await say(writer, room.id, `line ${i}.`);
  return room;
}

const seqsAfter = (facts: Fact[], cursor: number) =>
  facts.map(({ seq }) => seq).filter((seq) => seq > cursor);

describe("when everyone comes back at once", () => {
  test("[G5] [G19] each gets exactly what they missed, while people speak, edit and remove", async () => {
    const room = await roomWith(120);
    const gateway = await world.addGateway();
    const sockets = await connectAll(gateway);
    /** What was taken back, and when that was acknowledged. */
    const takenBack: { text: string; atMs: number }[] = [];
    const over = new AbortController();

    const speak = async () => {
      let last = 120;
      for (let i = 0; !over.signal.aborted || takenBack.length < ENOUGH; i += 1) {
        const target = 1 + ((i * 37) % 120);
        const { seq } = await say(writer, room.id, `news ${i}.`);
        if (i % 2 === 0) {
          await command(writer, "message:edit", { room: room.id, seq: last, text: `edit ${i}.` });
          takenBack.push({ text: textAt(last), atMs: performance.now() });
          edited.set(last, `edit ${i}.`);
        }
        const gone = await ask(writer, "message:remove", { room: room.id, seq: target });
        if (gone.ok) takenBack.push({ text: textAt(target), atMs: performance.now() });
        last = seq;
        said.set(seq, `news ${i}.`);
      }
    };
    const said = new Map<number, string>();
    const edited = new Map<number, string>();
    const textAt = (seq: number) => edited.get(seq) ?? said.get(seq) ?? `line ${seq}.`;

    const readers = sockets.map((socket) => new Reader(socket, room.id));
    const cursors = readers.map((_, i) => ((i * 53) % 120) + 1);
    const speaking = speak();
    // Some over many pages, some in one, some with the newest alone; in two waves, the second on what is held.
    const enter = (reader: Reader, i: number) =>
      reader.enter({
        since: { epoch: 1, seq: cursors[i] ?? 0 },
        limit: [20, 50, 200, 500][i % 4] as number,
        catchUp: i % 5 === 0 ? "newest" : "all",
      });
    await Promise.all(readers.slice(0, RETURNING / 2).map(enter));
    await Promise.all(
      readers.slice(RETURNING / 2).map((reader, i) => enter(reader, i + RETURNING / 2)),
    );
    over.abort();
    await speaking;

    const { events: log, head } = await command(writer, "room:enter", {
      room: room.id,
      since: { epoch: 1, seq: 0 },
      limit: 500,
    });
    expect(log).toHaveLength(head);
    for (const [i, reader] of readers.entries()) {
      await eventually(() => expect(reader.cursor.seq).toBe(head));
      expect(reader.problems).toEqual([]);
      const cursor = cursors[i] ?? 0;
      const { skipped = { from: cursor + 1, to: cursor, count: 0 } } = reader.replies[0] ?? {};
      expect(skipped).toEqual({ from: cursor + 1, to: skipped.to, count: skipped.to - cursor });
      expect(reader.seqs).toEqual(seqsAfter(log, skipped.to));
    }
    const leaked = readers.flatMap(({ replies, askedAtMs }) =>
      replies.flatMap((reply, i) => {
        const json = JSON.stringify(reply.events);
        const before = takenBack.filter(({ atMs }) => atMs < (askedAtMs[i] ?? 0));
        return before.filter(({ text }) => json.includes(`"${text}"`));
      }),
    );
    expect(leaked).toEqual([]);
    for (const socket of sockets) socket.disconnect();
  });

  test("what is hot is read a few times from Redis, not once for each, and not from Postgres", async () => {
    const room = await roomWith(60);
    const sockets = await connectAll(await world.addGateway());
    const readers = sockets.map((socket) => new Reader(socket, room.id));
    await readers[0]?.enter();
    const { redis } = backstage.link;
    await redis.config("RESETSTAT");
    await backstage.sql.begin(async (tx) => {
      // Whoever reads a stored fact waits for this transaction, and fails when that takes too long.
      await tx`LOCK TABLE facts IN ACCESS EXCLUSIVE MODE`;
      await Promise.all(
        readers
          .slice(1)
          .map((reader, i) => reader.enter({ since: { epoch: 1, seq: 1 + (i % 50) } })),
      );
    });
    for (const [i, reader] of readers.slice(1).entries()) {
      expect(reader.seqs).toEqual(
        Array.from({ length: 59 - (i % 50) }, (_, n) => 2 + (i % 50) + n),
      );
    }
    const scripts = /cmdstat_evalsha:calls=(\d+)/u.exec(await redis.info("commandstats"))?.[1];
    expect(Number(scripts)).toBeLessThan(RETURNING / 4);
    for (const socket of sockets) socket.disconnect();
  });

  test("[G11] more than a gateway lets in at once wait, more than that are told when to come back, and all get in", async () => {
    const room = await roomWith(3);
    const postgres: SlowLink = await openSlowLink(world.stores.databaseUrl);
    try {
      const gateway = await world.addGateway({
        DATABASE_URL: postgres.url,
        LIMITS: "on",
        LIMIT_ENTERINGS_WAITING: "20",
        LIMIT_CONNECTIONS_PER_IP: String(RETURNING + 1),
      });
      const sockets = await connectAll(gateway);
      const witness = await ada.connect(gateway);
      await command(witness, "room:enter", { room: room.id });
      postgres.stall();
      const answers: { ok: boolean; error?: ErrorReply }[] = [];
      const asking = sockets.map(async (socket) => {
        const answer = await ask(socket, "room:enter", { room: room.id });
        answers.push(answer);
        return answer;
      });
      // 256 at once and 20 in line.
      await eventually(() => expect(answers).toHaveLength(RETURNING - 276));
      const hints = answers.map(({ error }) => error?.retryAfterMs ?? 0);
      expect(answers.map(({ error }) => error?.code)).toEqual(hints.map(() => "rate_limited"));
      expect(Math.min(...hints)).toBeGreaterThan(0);
      expect(new Set(hints).size).toBeGreaterThan(hints.length / 2);
      postgres.flow();
      const first = await Promise.all(asking);
      expect(first.filter(({ ok }) => ok)).toHaveLength(276);
      const refused = sockets.filter((_, i) => first[i]?.ok !== true);
      await Promise.all(refused.map((socket) => command(socket, "room:enter", { room: room.id })));
      const heard = sockets.map(
        (socket) => new Promise((resolve) => void socket.once("room.events", resolve)),
      );
      await say(writer, room.id, "all here?");
      await Promise.all(heard);
      for (const socket of sockets) socket.disconnect();
    } finally {
      postgres.flow();
      await Promise.all(world.gateways.splice(-1).map((gateway) => gateway.stop()));
      await postgres.close();
    }
  });
});
