import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";

import type { Fact } from "../../protocol/facts.ts";
import type { Message } from "../../protocol/shapes.ts";
import { drain } from "../../workers/drain.ts";
import { command, openWorld, say, type World } from "../support/world.ts";
import { type Backstage, idOf, openBackstage, untilStored } from "./backstage.ts";

let world: World;
let backstage: Backstage;
beforeAll(async () => {
  // Nobody stores: what is read can only come from the hot log, or from it laid over Postgres.
  world = await openWorld({ worker: false });
  await world.addGateway();
  backstage = await openBackstage(world);
});
afterAll(async () => {
  await backstage.close();
  await world.close();
});

/** A room with a message of Ada's: on one gateway she acts, on the other she reads at once. */
async function roomWithMessage() {
  const ada = await world.person("Ada");
  const room = await ada.openRoom();
  const [here, there] = world.gateways;
  if (here === undefined || there === undefined) throw new Error("Two gateways are needed");
  const socket = await ada.connect(here);
  const { seq } = await say(socket, room.id, "first words");
  const read = async <T>(path: string): Promise<T> => {
    const { status, body } = await ada.rest<T>("GET", `/rooms/${room.id}/${path}`, undefined, {
      gateway: there,
    });
    expect(status).toBe(200);
    return body;
  };
  const message = () => read<Message>(`messages/${seq}`);
  const page = async () => (await read<{ items: Message[] }>("messages")).items;
  const events = async () => (await read<{ events: Fact[] }>("events")).events;
  return { ada, room, socket, seq, message, page, events };
}

/** Every act, and what must be seen of it on the other gateway as soon as it is answered. */
async function expectEveryActToShow(
  where: Awaited<ReturnType<typeof roomWithMessage>>,
): Promise<void> {
  const { ada, room, socket, seq, message, page, events } = where;
  const on = { room: room.id, seq };
  expect(await message()).toMatchObject({ seq, text: "first words", reactions: [] });

  await command(socket, "message:edit", { ...on, text: "better words" });
  expect(await message()).toMatchObject({ text: "better words", editedAt: expect.any(String) });
  expect((await events()).at(-1)).toMatchObject({ type: "message.edited", target: seq });

  await command(socket, "reaction:add", { ...on, emoji: "👍" });
  const thumb = { emoji: "👍", count: 1, mine: true };
  expect(await message()).toMatchObject({ reactions: [thumb] });
  await command(socket, "reaction:remove", { ...on, emoji: "👍" });
  expect(await message()).toMatchObject({ reactions: [] });

  await command(socket, "message:pin", on);
  expect(await message()).toMatchObject({ pinned: true });
  await command(socket, "message:unpin", on);
  expect(await message()).toMatchObject({ pinned: false });

  const reply = await say(socket, room.id, "and more words");
  expect((await page()).map(({ seq: each }) => each)).toEqual([seq, reply.seq]);
  expect((await events()).at(-1)).toMatchObject({ seq: reply.seq, text: "and more words" });

  await command(socket, "message:remove", { ...on, reason: "enough" });
  const gone = await message();
  expect(gone).toMatchObject({ removed: { by: { id: ada.user.id }, reason: "enough" } });
  expect(gone).not.toHaveProperty("text");
  expect((await page())[0]).toEqual(gone);
}

describe("whoever was answered sees what they did, on any gateway", () => {
  test("[G9] a message, its edit, reaction, pin and removal are read at once, all of it unstored", async () => {
    await expectEveryActToShow(await roomWithMessage());
  });

  test("[G9] the same when the message is in Postgres and what was done to it is not", async () => {
    const where = await roomWithMessage();
    await drain(backstage.worker(), { shouldStop: () => false });
    await untilStored(backstage, idOf(where.room), where.seq);
    await expectEveryActToShow(where);
  });

  test("[G9] the same when the message has left the hot log", async () => {
    const where = await roomWithMessage();
    await say(where.socket, where.room.id, "what pushes it out");
    await drain(backstage.worker({ keep: 1 }), { shouldStop: () => false });
    const { room, socket, seq, message } = where;
    await command(socket, "message:edit", { room: room.id, seq, text: "better words" });
    expect(await message()).toMatchObject({ text: "better words" });
    await command(socket, "reaction:add", { room: room.id, seq, emoji: "👍" });
    expect(await message()).toMatchObject({ reactions: [{ emoji: "👍", count: 1, mine: true }] });
    await command(socket, "message:remove", { room: room.id, seq });
    expect(await message()).not.toHaveProperty("text");
  });

  test("[G9] what was read from the hot log is read from Postgres once it is stored", async () => {
    const { room, socket, seq, message, page } = await roomWithMessage();
    const on = { room: room.id, seq };
    await command(socket, "message:edit", { ...on, text: "better words" });
    await command(socket, "reaction:add", { ...on, emoji: "👍" });
    await command(socket, "message:pin", on);
    const other = await say(socket, room.id, "a second one");
    await command(socket, "message:pin", { room: room.id, seq: other.seq });
    await command(socket, "message:unpin", { room: room.id, seq: other.seq });
    const unstored = [await message(), await page()];
    expect(unstored[0]).toMatchObject({ pinned: true, text: "better words" });
    await drain(backstage.worker({ keep: 1 }), { shouldStop: () => false });
    expect([await message(), await page()]).toEqual(unstored);
  });

  test("[G9] nothing is seen half while it is being stored", async () => {
    const { ada, room, socket, page } = await roomWithMessage();
    const done = new AbortController();
    const storing = (async () => {
      while (!done.signal.aborted)
        await drain(backstage.worker({ keep: 1 }), { shouldStop: () => false });
    })();
    for (let i = 1; i <= 60; i += 1) {
      const { seq } = await say(socket, room.id, `line ${i}`);
      await command(socket, "reaction:add", { room: room.id, seq, emoji: "🎉" });
      const items = await page();
      expect(items.at(-1)).toMatchObject({ seq, text: `line ${i}`, reactions: [{ count: 1 }] });
      expect(items).toHaveLength(Math.min(50, i + 1));
    }
    done.abort();
    await storing;
    const { body } = await ada.rest<{ items: Message[] }>(
      "GET",
      `/rooms/${room.id}/messages?limit=100`,
    );
    expect(body.items).toHaveLength(61);
  });
});
