import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";

import type { Fact, Push } from "../../protocol/facts.ts";
import { eventually } from "../support/eventually.ts";
import { command, openWorld, say, type World } from "../support/world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

describe("a room's log, end to end", () => {
  test("what one says, the other gets live, and both find it stored", async () => {
    const ada = await world.person("Ada");
    const grace = await world.person("Grace");
    const room = await ada.openRoom();
    const [hers, his] = [await ada.connect(), await grace.connect()];
    const got: Fact[] = [];
    const stored: number[] = [];
    his.on("room.events", (push: Push<"room.events">) => got.push(...push.events));
    hers.on("room.stored", (push: Push<"room.stored">) => stored.push(push.seq));
    await command(hers, "room:enter", { room: room.slug });
    const entered = await command(his, "room:enter", { room: room.id });
    expect(entered).toMatchObject({ epoch: 1, head: 0, events: [], more: false });

    const first = await say(hers, room.id, "hello");
    const second = await say(hers, room.id, "is anybody here?");
    expect([first.seq, second.seq]).toEqual([1, 2]);
    await eventually(() => expect(got.map(({ seq }) => seq)).toEqual([1, 2]));
    await eventually(() => expect(stored.at(-1)).toBe(2));
    const history = await grace.rest<{ events: Fact[] }>("GET", `/rooms/${room.id}/events`);
    expect(history.body.events).toEqual(got);
    const messages = await grace.rest<{ items: object[] }>("GET", `/rooms/${room.id}/messages`);
    expect(messages.body.items).toMatchObject([
      { seq: 1, text: "hello", reactions: [] },
      { seq: 2, text: "is anybody here?" },
    ]);
  });

  test("who said something and who only listens both hear that it is stored", async () => {
    const [ada, grace] = [await world.person("Ada"), await world.person("Grace")];
    const room = await ada.openRoom();
    const [hers, his] = [await ada.connect(), await grace.connect()];
    const told: { who: string; seq: number }[] = [];
    for (const [who, socket] of Object.entries({ hers, his })) {
      socket.on("room.stored", ({ seq }: Push<"room.stored">) => told.push({ who, seq }));
      await command(socket, "room:enter", { room: room.id });
    }
    await say(hers, room.id, "hello");
    await eventually(() => {
      expect(told).toContainEqual({ who: "hers", seq: 1 });
      expect(told).toContainEqual({ who: "his", seq: 1 });
    });
  });
});
