import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";

import { type AppendRequest, factRest } from "../../db/redis/append-facts.ts";
import { keys } from "../../db/redis/keys.ts";
import type { Room } from "../../protocol/shapes.ts";
import { eventually } from "../support/eventually.ts";
import { command, openWorld, type Person, say, type World } from "../support/world.ts";
import { appendUnheard, type Backstage, idOf, openBackstage } from "./backstage.ts";
import { type Reader, readerOf } from "./reader.ts";

/** In which time a gateway must notice that it missed the very last fact. */
const NOTICED_WITHIN_MS = 2_000;

let world: World;
let backstage: Backstage;
let ada: Person;
let room: Room;
let reader: Reader;
beforeEach(async () => {
  world = await openWorld({ worker: false });
  backstage = await openBackstage(world);
  ada = await world.person("Ada");
  room = await ada.openRoom();
  reader = await readerOf(await ada.connect(), room.id);
});
afterEach(async () => {
  await backstage.close();
  await world.close();
});

function reaction(target: number): AppendRequest {
  const at = new Date().toISOString();
  const by = { id: ada.user.id, name: ada.user.name };
  return {
    room: idOf(room),
    author: ada.user.id,
    at,
    rest: factRest({ type: "reaction.added", at, by, target, emoji: "👍" }),
    idempotency: null,
    policy: null,
    guard: "none",
    slowModeMs: 0,
    cap: 0,
    isMessage: false,
    target,
    replyTo: null,
    effects: [],
  };
}

describe("what pub/sub drops is read from the log", () => {
  test("[G6] what stands on the channel and is not of the log is no fact, and nothing ends of it", async () => {
    const { redis } = backstage.link;
    const shown: unknown[] = [];
    reader.socket.onAny((name, push) => {
      // The gateway's own looks at the log tell how far it is stored, too.
      const isTrue = name === "room.stored" && [0, 1].includes(push.seq);
      if (name === "room.typing" || (name === "room.stored" && !isTrue)) shown.push(push);
    });
    for (const garbage of [
      "",
      "f",
      "f 1 0 1",
      "f 1 0 1 ",
      "f 1 0 1 {",
      "f 1 0 1 null",
      "f 1 0 1 [null]",
      'f 1 0 1 [{"seq":1}]',
      'f 1 0 7 [{"seq":1,"by":{"id":"x"}}]',
      'f 1 0 1 [{"seq":"1","by":{"id":"x"}}]',
      'f 1 5 9 [{"seq":9,"by":{"id":"x"}}]',
      "f x y z []",
      "f 1 0 99 []",
      "s",
      "s 1 x",
      "r",
      "r x",
      "r 7",
      "t",
      "t nobody",
      "l nobody",
      "j {",
      "j null",
      "j 7",
      'j {"id":"x","name":"y"}',
      "\u0000\ud800",
      "z",
    ]) {
      await redis.publish(keys.feed(idOf(room)), garbage);
    }
    const socket = await ada.connect();
    await command(socket, "room:enter", { room: room.id });
    await say(socket, room.id, "one");
    await command(socket, "typing:start", { room: room.id });
    await eventually(() => {
      expect(shown).toEqual([{ room: room.id, users: [ada.user.id] }]);
      expect(reader.facts).toMatchObject([{ seq: 1, text: "one" }]);
    });
    expect([reader.problems, reader.resets]).toEqual([[], []]);
  });

  test("[G6] a publish that is dropped in the middle is repaired with the next one that is heard", async () => {
    const socket = await ada.connect();
    await say(socket, room.id, "one");
    await eventually(() => expect(reader.seqs).toEqual([1]));
    for (let i = 0; i < 5; i += 1) await appendUnheard(backstage, reaction(1));
    await say(socket, room.id, "seven");
    // Long before any check of the heads would have found it.
    await eventually(() => expect(reader.seqs).toEqual([1, 2, 3, 4, 5, 6, 7]), { withinMs: 500 });
    expect(reader.problems).toEqual([]);
  });

  test("[G6] the loss of the very last publish is noticed within 2 s, again and again", async () => {
    const socket = await ada.connect();
    await say(socket, room.id, "one");
    for (let seq = 2; seq <= 4; seq += 1) {
      await appendUnheard(backstage, reaction(1));
      await eventually(() => expect(reader.seqs.at(-1)).toBe(seq), {
        withinMs: NOTICED_WITHIN_MS,
      });
    }
    expect(reader.seqs).toEqual([1, 2, 3, 4]);
    expect(reader.problems).toEqual([]);
  });

  test("[G6] what is said while the subscriber's connection is down arrives once it is back", async () => {
    const socket = await ada.connect();
    await say(socket, room.id, "one");
    for (let round = 0; round < 5; round += 1) {
      await backstage.link.redis.call("CLIENT", "KILL", "TYPE", "pubsub");
      await say(socket, room.id, `said into the gap ${round}`);
    }
    await eventually(() => expect(reader.seqs).toEqual([1, 2, 3, 4, 5, 6]), {
      withinMs: NOTICED_WITHIN_MS,
    });
    expect(reader.problems).toEqual([]);
  });

  test("[G6] a subscription that is gone while its connection stands costs no fact", async () => {
    const socket = await ada.connect();
    await say(socket, room.id, "one");
    await eventually(() => expect(reader.seqs).toEqual([1]));
    // Everything that is said from now on is unheard, whoever says it.
    for (let seq = 2; seq <= 30; seq += 1) await appendUnheard(backstage, reaction(1));
    await eventually(() => expect(reader.seqs).toHaveLength(30), {
      withinMs: NOTICED_WITHIN_MS,
    });
    expect(reader.problems).toEqual([]);
  });
});
