import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { v7 as uuidv7 } from "uuid";

import type { Message, Missed, Room } from "../../protocol/shapes.ts";
import { eventually } from "../support/eventually.ts";
import { command, openWorld, type Person, say, type World } from "../support/world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

async function missedBy(person: Person, room: Room, query = ""): Promise<Missed> {
  const { status, body } = await person.rest<Missed>("GET", `/rooms/${room.id}/missed${query}`);
  expect(status).toBe(200);
  return body;
}

/** What was missed, once all up to a seq is digested. */
function missedUpTo(person: Person, room: Room, seq: number): Promise<Missed> {
  return eventually(async () => {
    const missed = await missedBy(person, room);
    expect(missed.until).toBeGreaterThanOrEqual(seq);
    return missed;
  });
}

/** Ada was away while Grace and Linus talked of two things. */
async function talk() {
  const [ada, grace, linus] = await Promise.all(["Ada", "Grace", "Linus"].map(world.person));
  if (ada === undefined || grace === undefined || linus === undefined) throw new Error("people");
  const room = await ada.openRoom();
  const [hers, his, own] = await Promise.all([grace, linus, ada].map((each) => each.connect()));
  if (hers === undefined || his === undefined || own === undefined) throw new Error("sockets");
  const { seq: first } = await say(own, room.id, "I am off");
  await command(own, "room:read", { room: room.id, seq: first });
  const asked = await say(hers, room.id, "how can I mount an ntfs partition?");
  const answer = await command(his, "message:send", {
    room: room.id,
    clientId: uuidv7(),
    text: "with ntfs-3g, see https://example.org/ntfs",
    replyTo: asked.seq,
  });
  const handle = ada.user.handle ?? "";
  const apart = await say(his, room.id, `@${handle} does the espresso machine leak again?`);
  return { ada, grace, linus, room, hers, his, own, first, asked, answer, apart };
}

describe("what was missed", () => {
  test("is told as conversations, people, links and open questions since the read marker", async () => {
    const { ada, grace, linus, room, first, asked, answer, apart } = await talk();
    const missed = await missedUpTo(ada, room, apart.seq);
    expect(missed).toMatchObject({ since: first, until: apart.seq, messages: 3 });
    expect(missed.readingSeconds).toBeGreaterThan(2);
    expect(missed.people.map(({ user, messages }) => [user.name, messages])).toEqual([
      [linus.user.name, 2],
      [grace.user.name, 1],
    ]);
    const [mentioning, mounting] = missed.conversations;
    expect(mentioning).toMatchObject({ mentioned: true, to: apart.seq });
    expect(mounting).toMatchObject({
      id: String(asked.seq),
      title: "how can I mount an ntfs partition?",
      from: asked.seq,
      to: answer.seq,
      messages: 2,
      mentioned: false,
    });
    expect(missed.links).toEqual([
      {
        url: "https://example.org/ntfs",
        by: { id: linus.user.id, name: linus.user.name },
        seq: answer.seq,
        times: 1,
      },
    ]);
    expect(missed.questions.map(({ seq }) => seq)).toEqual([apart.seq]);
    expect(missed.knownPeople).toEqual([]);
    expect((await missedBy(grace, room, `?since=${answer.seq}`)).conversations).toHaveLength(1);
    expect(await missedBy(ada, room, `?since=${apart.seq}`)).toMatchObject({
      since: apart.seq,
      messages: 0,
      conversations: [],
    });
  });

  test("names contacts who were there, and shows nothing of those who are blocked", async () => {
    const { ada, grace, linus, room, asked, apart } = await talk();
    await ada.rest("PUT", `/contacts/${grace.user.id}`, {});
    await ada.rest("PUT", `/blocks/${linus.user.id}`, {});
    const missed = await missedUpTo(ada, room, apart.seq);
    expect(missed.knownPeople.map(({ id }) => id)).toEqual([grace.user.id]);
    expect(missed.links).toEqual([]);
    expect(missed.questions).toEqual([]);
    expect(JSON.stringify(missed)).not.toContain("espresso");
    expect(missed.conversations.map(({ title }) => title)).toContain(
      "how can I mount an ntfs partition?",
    );
    expect(missed.people.map(({ user }) => user.id)).not.toContain(linus.user.id);
    expect(missed.conversations.find(({ id }) => id === String(asked.seq))?.messages).toBe(2);
    await grace.rest("PATCH", "/me", { meetings: false });
    expect((await missedBy(ada, room)).knownPeople).toEqual([]);
  });

  test("reflects edits, removals and reactions, and a message knows its conversation", async () => {
    const { ada, linus, room, hers, his, own, asked, answer, apart } = await talk();
    await missedUpTo(ada, room, apart.seq);
    await command(hers, "message:edit", {
      room: room.id,
      seq: asked.seq,
      text: "how can I mount an ext4 partition?",
    });
    await command(his, "message:remove", { room: room.id, seq: apart.seq });
    const { seq } = await command(own, "reaction:add", {
      room: room.id,
      seq: answer.seq,
      emoji: "👍",
    });
    const missed = await missedUpTo(ada, room, seq);
    expect(missed.messages).toBe(2);
    expect(missed.questions).toEqual([]);
    expect(missed.conversations).toHaveLength(1);
    expect(missed.conversations[0]).toMatchObject({
      title: "how can I mount an ext4 partition?",
      best: [answer.seq],
      mentioned: false,
    });
    const message = await linus.rest<{ conversation: string }>(
      "GET",
      `/rooms/${room.id}/messages/${answer.seq}`,
    );
    expect(message.body.conversation).toBe(String(asked.seq));
  });

  test("[G19] what was taken back is not in the answer, even before a worker has heard of it", async () => {
    const { ada, room, hers, his, asked, answer, apart } = await talk();
    await missedUpTo(ada, room, apart.seq);
    await world.worker?.stop();
    try {
      await command(hers, "message:edit", { room: room.id, seq: asked.seq, text: "never mind" });
      await command(his, "message:remove", { room: room.id, seq: answer.seq });
      await command(his, "message:remove", { room: room.id, seq: apart.seq });
      const told = JSON.stringify(await missedBy(ada, room));
      for (const gone of ["partition", "ntfs", "espresso"]) expect(told).not.toContain(gone);
    } finally {
      await world.addWorker();
    }
  });

  test("a message is moved to another conversation by its author or a moderator, and by nobody else", async () => {
    const { ada, grace, linus, room, own, asked, answer, apart } = await talk();
    await missedUpTo(ada, room, apart.seq);
    const conversationOf = async (seq: number) =>
      (await ada.rest<Message>("GET", `/rooms/${room.id}/messages/${seq}`)).body.conversation;
    const move = (who: Person, seq: number, conversation: number) =>
      who.rest("PUT", `/rooms/${room.id}/messages/${seq}/conversation`, {
        conversation: String(conversation),
      });

    expect((await move(grace, apart.seq, asked.seq)).status).toBe(403);
    expect((await move(linus, apart.seq, answer.seq)).status).toBe(404);
    expect((await move(linus, apart.seq, asked.seq)).status).toBe(200);
    // Ada owns the room.
    const { seq } = await command(own, "message:move", {
      room: room.id,
      seq: answer.seq,
      conversation: String(answer.seq),
    });
    expect(await conversationOf(apart.seq)).toBe(String(asked.seq));
    expect(await conversationOf(answer.seq)).toBe(String(answer.seq));

    const missed = await missedUpTo(ada, room, seq);
    const found = missed.conversations.map(({ id, messages, to }) => [id, messages, to]);
    expect(new Set(found)).toEqual(
      new Set([
        [String(asked.seq), 2, apart.seq],
        [String(answer.seq), 1, answer.seq],
      ]),
    );
    // At its new place it answers what began the conversation.
    expect(missed.questions.map((question) => question.seq)).toEqual([apart.seq]);
    expect(await conversationOf(apart.seq)).toBe(String(asked.seq));
  });

  test("a room that may not be read tells nothing", async () => {
    const [ada, grace] = await Promise.all([world.person("Ada"), world.person("Grace")]);
    const room = await ada.openRoom("Secret", { visibility: "private" });
    const { status } = await grace.rest("GET", `/rooms/${room.id}/missed`);
    expect(status).toBe(404);
  });
});
