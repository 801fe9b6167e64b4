import { afterAll, beforeAll, expect, test } from "@jest/globals";
import fc from "fast-check";
import { v5 as uuidv5, v7 as uuidv7 } from "uuid";

import { LEAF_MESSAGES } from "../../db/digest/cover.ts";
import { writeDigests } from "../../db/postgres/digests.ts";
import { readDigestBetween } from "../../db/postgres/missed.ts";
import { storeFacts } from "../../db/postgres/store-facts.ts";
import type { Fact, FactOf } from "../../protocol/facts.ts";
import { type ClientId, RoomId, type UserId } from "../../protocol/ids.ts";
import { RoomGrouper } from "../../workers/conversations/grouper.ts";
import { loadModel } from "../../workers/conversations/model.ts";
import { gistOf } from "../../workers/digest/gist.ts";
import { Groupers } from "../../workers/digest/groupers.ts";
import { placeRoom } from "../../workers/digest/place-room.ts";
import { type Backstage, openBackstage } from "../guarantees/backstage.ts";
import { talkOf } from "../support/chatter.ts";
import { openWorld, type World } from "../support/world.ts";

let world: World;
let backstage: Backstage;
beforeAll(async () => {
  world = await openWorld({ worker: false });
  backstage = await openBackstage(world);
});
afterAll(async () => {
  await backstage.close();
  await world.close();
});

const NAMESPACE = "0198c0de-7a11-7ada-8005-5ca1ab1e0005";
const model = loadModel();

async function newRoom(): Promise<RoomId> {
  const ada = await world.person("Ada");
  return RoomId.parse((await ada.openRoom()).id);
}

/** Facts as a worker stores them. */
class StoredRoom {
  readonly id: RoomId;
  readonly messages: FactOf<"message.sent">[] = [];
  readonly removed = new Set<number>();
  readonly reactions = new Map<number, number>();
  #seq = 0;

  constructor(id: RoomId) {
    this.id = id;
  }

  async store(facts: readonly Fact[]): Promise<void> {
    let n = this.messages.length;
    const entries = facts.map((fact) => {
      if (fact.type === "message.sent") n += 1;
      return { n, fact };
    });
    await backstage.store.sql.begin((tx) => storeFacts(tx, [{ room: this.id, entries }]));
    this.messages.push(...facts.filter((fact) => fact.type === "message.sent"));
  }

  next(): number {
    this.#seq += 1;
    return this.#seq;
  }

  say(
    said: { atMs: number; author: { id: string; name: string }; text: string },
    to?: number,
  ): Fact {
    return {
      seq: this.next(),
      type: "message.sent",
      at: new Date(said.atMs).toISOString(),
      by: { id: uuidv5(said.author.id, NAMESPACE) as UserId, name: said.author.name },
      clientId: uuidv7() as ClientId,
      text: said.text,
      ...(to === undefined ? {} : { replyTo: to }),
      mentions: [],
    };
  }
}

const numbers = (minLength: number, maxLength: number) =>
  fc.array(fc.nat({ max: 1_000_000_000 }), { minLength, maxLength });

async function placeAll(room: RoomId, groupers: Groupers): Promise<void> {
  const run = () => placeRoom({ store: backstage.store, groupers }, room);
  while ((await run()).hasMore);
}

test("whenever a worker dies, the next one places messages as if there had been one only", async () => {
  await fc.assert(
    fc.asyncProperty(numbers(300, 700), fc.array(fc.boolean()), async (some, deaths) => {
      const room = new StoredRoom(await newRoom());
      const facts = talkOf(some).map((said) => room.say(said));
      let groupers = new Groupers();
      for (let from = 0, i = 0; from < facts.length; from += 50, i += 1) {
        await room.store(facts.slice(from, from + 50));
        if (deaths[i] === true) groupers = new Groupers();
        if (deaths[i + 1] !== true) await placeAll(room.id, groupers);
      }
      await placeAll(room.id, new Groupers());
      const alone = new RoomGrouper(model);
      const expected = room.messages.map(({ seq, at, by, text = "" }) => ({
        seq,
        ...alone.place({ seq, atMs: Date.parse(at), author: by, text }),
      }));
      const rows = await backstage.sql`
        SELECT seq::int, parent::int, conversation::int FROM placements
        WHERE room_id = ${room.id} ORDER BY seq`;
      expect([...rows]).toEqual(expected);
    }),
    { numRuns: 3, endOnFailure: true },
  );
}, 120_000);

function actOn(room: StoredRoom, number: number): Fact[] {
  const target = room.messages[Math.floor(number / 7) % Math.max(room.messages.length, 1)];
  if (target === undefined || room.removed.has(target.seq)) return [];
  const act = { at: target.at, by: target.by, target: target.seq };
  switch (number % 7) {
    case 0:
      room.removed.add(target.seq);
      return [{ seq: room.next(), type: "message.removed", ...act }];
    case 1: {
      const text = `now it is https://example.org/${number % 3} ?`;
      target.text = text;
      return [{ seq: room.next(), type: "message.edited", ...act, text }];
    }
    case 2: {
      const emoji = `${number}`;
      room.reactions.set(target.seq, (room.reactions.get(target.seq) ?? 0) + 1);
      return [{ seq: room.next(), type: "reaction.added", ...act, emoji }];
    }
    default:
      return [];
  }
}

/** What a digest has to say of some messages, counted one by one. */
function countOneByOne(
  room: StoredRoom,
  conversationOf: ReadonlyMap<number, number>,
  between: { since: number; until: number },
) {
  const people = new Map<string, number>();
  const conversations = new Map<number, { from: number; to: number; messages: number }>();
  const links = new Map<string, number>();
  let [messages, readingMs] = [0, 0];
  for (const message of room.messages) {
    const { seq, by, text = "" } = message;
    if (seq <= between.since || seq > between.until || room.removed.has(seq)) continue;
    const gist = gistOf(text, model);
    messages += 1;
    readingMs += gist.readingMs;
    people.set(by.id, (people.get(by.id) ?? 0) + 1);
    for (const link of gist.links) links.set(link, (links.get(link) ?? 0) + 1);
    const id = conversationOf.get(seq) ?? 0;
    const known = conversations.get(id) ?? { from: seq, to: seq, messages: 0 };
    conversations.set(id, { ...known, to: seq, messages: known.messages + 1 });
  }
  return { messages, readingMs, people, conversations, links };
}

test("after any edits, removals and reactions, digests say what counting one by one says", async () => {
  await fc.assert(
    fc.asyncProperty(numbers(600, 1_200), fc.nat(), fc.nat(), async (some, one, other) => {
      const room = new StoredRoom(await newRoom());
      const groupers = new Groupers();
      const said = talkOf(some);
      await room.store(said.slice(0, 6).map((each) => room.say(each)));
      // All that follows answers one of six messages, so that nothing is too many for a digest.
      const roots = room.messages.map(({ seq }) => seq);
      for (let from = 6; from < said.length; from += 60) {
        const facts = said.slice(from, from + 60).flatMap((each, i) => {
          const number = some[from + i] ?? 0;
          return [room.say(each, roots[number % 6]), ...actOn(room, number)];
        });
        await room.store(facts);
        await placeAll(room.id, groupers);
      }
      const messages = room.messages.length;
      const leaves = Array.from({ length: Math.floor(messages / LEAF_MESSAGES) }, (_, i) => i);
      const kept = await digestsOf(room.id);
      expect(kept.length).toBeGreaterThan(leaves.length);
      await backstage.store.sql.begin((tx) => writeDigests(tx, room.id, { leaves, messages }));
      expect(await digestsOf(room.id)).toEqual(kept);
      const last = room.messages.at(-1)?.seq ?? 0;
      const [since = 0, until = 0] = [one % last, other % last].toSorted((a, b) => a - b);
      const digest = await readDigestBetween(backstage.store.sql, room.id, { since, until });
      const counted = countOneByOne(room, await conversationsOf(room.id), { since, until });
      expect(digest.messages).toBe(counted.messages);
      expect(digest.readingMs).toBe(counted.readingMs);
      expect(new Map(digest.people)).toEqual(counted.people);
      expect(new Map(digest.links.map(({ url, times }) => [url, times]))).toEqual(counted.links);
      expect(
        new Map(
          digest.conversations.map(({ id, from, to, messages: m }) => [
            id,
            { from, to, messages: m },
          ]),
        ),
      ).toEqual(counted.conversations);
    }),
    { numRuns: 3, endOnFailure: true },
  );
}, 120_000);

async function digestsOf(room: RoomId) {
  const rows = await backstage.sql`
    SELECT level, block, digest::text FROM digests WHERE room_id = ${room} ORDER BY level, block`;
  return [...rows];
}

async function conversationsOf(room: RoomId): Promise<Map<number, number>> {
  const rows = await backstage.sql<{ seq: string; conversation: string }[]>`
    SELECT seq, conversation FROM placements WHERE room_id = ${room}`;
  return new Map(rows.map(({ seq, conversation }) => [Number(seq), Number(conversation)]));
}
