import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Socket } from "socket.io-client";

import { applyFacts, doubtful, emptyView, refreshFacts } from "../../client/room-view.ts";
import type { RoomView } from "../../client/view-model.ts";
import { eraseRemovedTexts } from "../../db/postgres/removals.ts";
import { keys } from "../../db/redis/keys.ts";
import type { CommandOutput } from "../../protocol/commands.ts";
import type { Fact } from "../../protocol/facts.ts";
import type { Room } from "../../protocol/shapes.ts";
import type { Gateway } from "../../server/gateway.ts";
import { drain } from "../../workers/drain.ts";
import { sweep } from "../../workers/sweep.ts";
import { eventually } from "../support/eventually.ts";
import { ask, command, openWorld, type Person, say, type World } from "../support/world.ts";
import { type Backstage, idOf, keptLog, openBackstage } from "./backstage.ts";
import { readerOf } from "./reader.ts";
import { openSlowLink, type SlowLink } from "./slow-link.ts";

let world: World;
let backstage: Backstage;
/** A gateway whose Redis can be slow: what it has read may be old by the time it is used. */
let slow: Gateway;
let redis: SlowLink;
beforeAll(async () => {
  world = await openWorld({ worker: false });
  backstage = await openBackstage(world);
  redis = await openSlowLink(world.stores.redisUrl);
  slow = await world.addGateway({ REDIS_URL: redis.url });
});
afterAll(async () => {
  redis.flow();
  await backstage.close();
  await world.close();
  await redis.close();
});

const drainNow = (keep = 1_000) => drain(backstage.worker({ keep }), { shouldStop: () => false });

interface Done {
  seq: number;
  count: number;
  undoUntil: string;
}

interface Scene {
  owner: Person;
  spammer: Person;
  room: Room;
  ownerSocket: Socket;
  socket: Socket;
}

/** Seqs 1 to 7: spam, by one, among what others say; one of it edited, one removed by its author. */
async function raidedRoom(): Promise<Scene> {
  const [owner, spammer] = await Promise.all([world.person("Owner"), world.person("Spammer")]);
  const room = await owner.openRoom();
  const [ownerSocket, socket] = await Promise.all([owner.connect(), spammer.connect()]);
  await say(socket, room.id, "buy pills-one");
  await say(ownerSocket, room.id, "go away");
  await say(socket, room.id, "buy p\u200Bills-two");
  await say(socket, room.id, "removed by its author");
  await command(socket, "message:remove", { room: room.id, seq: 4 });
  await command(socket, "message:edit", { room: room.id, seq: 3, text: "buy pills-three" });
  await say(ownerSocket, room.id, "last word");
  return { owner, spammer, room, ownerSocket, socket };
}

async function clean({ owner, room }: Scene, what: object): Promise<Done> {
  const { status, body } = await owner.rest<Done>("POST", `/rooms/${room.id}/removals`, {
    reason: "a raid",
    ...what,
  });
  expect([status, body]).toMatchObject([200, {}]);
  return body;
}

async function undo({ owner, room }: Scene, seq: number): Promise<number> {
  const path = `/rooms/${room.id}/removals/${seq}/undo`;
  const { status, body } = await owner.rest<{ seq: number }>("POST", path, {});
  expect([status, body]).toMatchObject([200, {}]);
  return body.seq;
}

/** What everyone who asks is shown of the room's messages, in each way there is. */
async function shown({ owner, room }: Scene) {
  const socket = await owner.connect();
  const { facts } = await readerOf(socket, room.id, { since: { epoch: 1, seq: 0 }, limit: 4 });
  socket.disconnect();
  const fromStart = viewOf(facts);
  const { body } = await owner.rest<CommandOutput<"message:list">>(
    "GET",
    `/rooms/${room.id}/messages`,
  );
  return {
    replay: facts.flatMap((fact) => (fact.type === "message.sent" ? [fact.text ?? null] : [])),
    view: fromStart.messages.map(({ text }) => text ?? null),
    messages: body.items.map(({ text }) => text ?? null),
    raw: JSON.stringify([facts, body]),
  };
}

function viewOf(facts: readonly Fact[]): RoomView {
  return applyFacts(emptyView(), facts);
}

const WHOLE = ["buy pills-one", "go away", "buy pills-three", null, "last word"];
const CLEANED = [null, "go away", null, null, "last word"];

describe("a clean-up", () => {
  test.each([
    ["nothing is stored", async () => {}, async () => {}],
    ["the messages are stored and trimmed", () => drainNow(1), async () => {}],
    ["all is stored at each step", () => drainNow(), () => drainNow()],
    ["all is stored and trimmed at each step", () => drainNow(1), () => drainNow(1)],
  ])(
    "[G19] takes the texts out of everything that is shown, and its undoing brings them back, while %s",
    async (_when, before, after) => {
      const scene = await raidedRoom();
      await before();
      expect(await shown(scene)).toMatchObject({ replay: WHOLE, messages: WHOLE });
      const original = (await shown(scene)).messages;
      const { seq, count } = await clean(scene, { author: scene.spammer.user.id });
      expect(count).toBe(2);
      for (const settle of [async () => {}, after]) {
        await settle();
        const now = await shown(scene);
        expect(now).toMatchObject({ replay: CLEANED, view: CLEANED, messages: CLEANED });
        expect(now.raw).not.toContain("pills");
      }
      await undo(scene, seq);
      for (const settle of [async () => {}, after, () => drainNow(1)]) {
        await settle();
        const now = await shown(scene);
        expect(now).toMatchObject({ replay: WHOLE, view: WHOLE, messages: original });
      }
      expect(await keptLog(backstage, idOf(scene.room))).toMatchObject([
        { text: "buy pills-one" },
        { text: "go away" },
        { text: "buy pills-three", editedAt: expect.any(String) },
        { removed: true },
        { type: "message.removed" },
        { type: "message.edited", text: "buy pills-three" },
        { text: "last word" },
        { type: "messages.removed", reason: "a raid" },
        { type: "messages.restored", removal: seq },
      ]);
    },
  );

  test("[G19] what a clean-up changed is forgotten when its fact is trimmed, and the next one finds it so", async () => {
    const scene = await raidedRoom();
    const { seq } = await clean(scene, { author: scene.spammer.user.id });
    await undo(scene, seq);
    await say(scene.ownerSocket, scene.room.id, "filler");
    await drainNow(1);
    await say(scene.ownerSocket, scene.room.id, "filler");
    await drainNow(1);
    expect(await backstage.link.redis.hlen(keys.changes(idOf(scene.room)))).toBe(0);
    expect((await clean(scene, { author: scene.spammer.user.id })).count).toBe(2);
    expect((await shown(scene)).raw).not.toContain("pills");
  });

  test("[G20] is in the log once and can be undone though Redis lost everything right after it", async () => {
    const scene = await raidedRoom();
    await drainNow();
    await clean(scene, { author: scene.spammer.user.id });
    await backstage.link.redis.flushall();
    const facts = async () => {
      const socket = await scene.owner.connect();
      return (await readerOf(socket, scene.room.id, { since: { epoch: 1, seq: 0 } })).facts;
    };
    await facts();
    await eventually(async () => {
      await sweep(backstage.worker(), () => false);
      expect((await facts()).filter(({ type }) => type === "messages.removed")).toHaveLength(1);
    });
    expect((await shown(scene)).messages).toEqual(CLEANED);
  });

  test("[G19] an edit that comes in between is taken too, and is what the undoing brings back", async () => {
    const scene = await raidedRoom();
    redis.stall(/hmget\r\n\$\d+\r\neddy:\{b\d+\}:body:/u);
    const what = { author: scene.spammer.user.id, reason: "a raid" };
    const cleaning = scene.owner.rest<Done>("POST", `/rooms/${scene.room.id}/removals`, what, {
      gateway: slow,
    });
    await eventually(() => expect(redis.waiting()).not.toBe(""));
    await command(scene.socket, "message:edit", {
      room: scene.room.id,
      seq: 1,
      text: "buy pills-new",
    });
    redis.flow();
    const { seq } = (await cleaning).body;
    expect((await shown(scene)).raw).not.toContain("pills");
    await undo(scene, seq);
    expect((await shown(scene)).messages).toEqual(["buy pills-new", ...WHOLE.slice(1)]);
  });

  test("previews with a count and a sample, and then does just that", async () => {
    const scene = await raidedRoom();
    const what = { pattern: "pills*" };
    expect(await clean(scene, { ...what, preview: true })).toEqual({
      count: 2,
      sample: [
        { seq: 1, by: scene.spammer.user.id, text: "buy pills-one" },
        { seq: 3, by: scene.spammer.user.id, text: "buy pills-three" },
      ],
    });
    expect((await shown(scene)).messages).toEqual(WHOLE);
    const { seq } = await clean(scene, what);
    expect((await shown(scene)).messages).toEqual(CLEANED);
    const [fact] = (await readerOf(scene.ownerSocket, scene.room.id)).facts.slice(-1);
    expect(fact).toMatchObject({
      seq,
      type: "messages.removed",
      targets: [
        [1, 1],
        [3, 3],
      ],
    });
  });

  test("a range of it leaves those of equal or higher roles alone, and one alone of them is refused", async () => {
    const scene = await raidedRoom();
    const moderator = await world.person("Moderator");
    const on = `/rooms/${scene.room.id}`;
    await say(await moderator.connect(), scene.room.id, "mine stays mine");
    await scene.owner.rest("PUT", `${on}/members/${moderator.user.id}`, { role: "moderator" });
    const range = await moderator.rest<Done>("POST", `${on}/removals`, { from: 1, reason: "all" });
    expect(range.body.count).toBe(3);
    const { messages } = await shown(scene);
    expect(messages).toEqual([null, "go away", null, null, "last word", null]);
    const { status, body } = await moderator.rest("POST", `${on}/removals`, {
      author: scene.owner.user.id,
      reason: "coup",
    });
    expect([status, body.code]).toEqual([403, "forbidden"]);
  });

  test("[G19] undoing one leaves alone what another clean-up, or its author, removed", async () => {
    const scene = await raidedRoom();
    const live = await readerOf(await scene.owner.connect(), scene.room.id);
    const first = await clean(scene, { from: 3, to: 3 });
    const second = await clean(scene, { from: 1, to: 7 });
    expect([first.count, second.count]).toEqual([1, 3]);
    await undo(scene, second.seq);
    const expected = ["buy pills-one", "go away", null, null, "last word"];
    expect(await shown(scene)).toMatchObject({ view: expected, messages: expected });
    await eventually(() => expect(live.facts.at(-1)?.type).toBe("messages.restored"));
    expect(viewOf(live.facts).messages.map(({ text }) => text ?? null)).toEqual(expected);
    await drainNow(1);
    expect(await shown(scene)).toMatchObject({ view: expected, messages: expected });
  });

  test("who saw only the cleaned room learns the texts when they are back", async () => {
    const scene = await raidedRoom();
    const { seq } = await clean(scene, { author: scene.spammer.user.id });
    const reader = await readerOf(await scene.spammer.connect(), scene.room.id);
    await undo(scene, seq);
    await eventually(() => expect(reader.facts.at(-1)?.type).toBe("messages.restored"));
    const view = viewOf(reader.facts);
    expect(doubtful(view)).toEqual([1, 3]);
    const { facts } = await readerOf(scene.ownerSocket, scene.room.id);
    expect(refreshFacts(view, facts).messages.map(({ text }) => text ?? null)).toEqual(WHOLE);
  });

  test("is undone once, is listed, and moderators alone read what it removed until it is erased", async () => {
    const scene = await raidedRoom();
    const { owner, spammer, room } = scene;
    const on = `/rooms/${room.id}/removals`;
    const { seq, undoUntil } = await clean(scene, { author: spammer.user.id });
    const texts = await owner.rest<CommandOutput<"removal:texts">>("GET", `${on}/${seq}`);
    expect(texts.body.items.map(({ text }) => text)).toEqual(["buy pills-one", "buy pills-three"]);
    expect((await spammer.rest("GET", `${on}/${seq}`)).status).toBe(403);
    const list = () => owner.rest<CommandOutput<"removal:list">>("GET", on);
    expect((await list()).body.items).toMatchObject([
      { seq, count: 2, reason: "a raid", undoUntil },
    ]);
    await undo(scene, seq);
    const again = await owner.rest("POST", `${on}/${seq}/undo`, {});
    expect([again.status, again.body.code]).toEqual([409, "conflict"]);
    expect((await list()).body.items).toMatchObject([{ seq, undoneAt: expect.any(String) }]);

    const second = await clean(scene, { author: spammer.user.id });
    await drainNow();
    const kept = async () => {
      const [left] = await backstage.sql<{ n: number }[]>`
        SELECT count(*)::int AS n FROM removed_texts t JOIN removals r ON r.id = t.removal_id
        WHERE r.room_id = ${room.id}`;
      return left?.n;
    };
    const justBefore = new Date(Date.parse(second.undoUntil) - 1).toISOString();
    await eraseRemovedTexts(backstage.store.sql, justBefore);
    expect(await kept()).toBe(2);
    await eraseRemovedTexts(backstage.store.sql, second.undoUntil);
    expect(await kept()).toBe(0);
    expect((await owner.rest("POST", `${on}/${second.seq}/undo`, {})).status).toBe(409);
  });

  test("comes with a sanction that says of how many minutes", async () => {
    const scene = await raidedRoom();
    const { owner, spammer, room } = scene;
    const { status } = await owner.rest("POST", `/rooms/${room.id}/sanctions`, {
      user: spammer.user.id,
      kind: "ban",
      reason: "a raid",
      removeMessages: 10,
    });
    expect(status).toBe(201);
    expect((await shown(scene)).messages).toEqual(CLEANED);
    expect((await ask(scene.socket, "message:send", sending(room))).ok).toBe(false);
  });
});

function sending({ id }: Room) {
  return { room: id, clientId: crypto.randomUUID(), text: "let me in" };
}
