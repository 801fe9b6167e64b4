import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { SignJWT } from "jose";
import type { Socket } from "socket.io-client";
import { v7 as uuidv7 } from "uuid";

import { factRest } from "../../db/redis/append-facts.ts";
import type { Draft, Push } from "../../protocol/facts.ts";
import { ClientId } from "../../protocol/ids.ts";
import type { Room } from "../../protocol/shapes.ts";
import { eventually } from "../support/eventually.ts";
import {
  ask,
  command,
  connectSocket,
  openWorld,
  type Person,
  say,
  type World,
} from "../support/world.ts";
import { appendUnheard, idOf, openBackstage } from "./backstage.ts";
import { type Reader, readerOf } from "./reader.ts";

const SECRET = "a secret that is shared with the host application";
/** In which time a socket must be told nothing more. */
const WITHIN_MS = 1_000;

let world: World;
beforeAll(async () => {
  world = await openWorld({ worker: false, env: { AUTH_JWT_SECRET: SECRET } });
  await world.addGateway();
});
afterAll(() => world.close());

/** A room that a troll and a friend of the owner's read on two gateways each. */
async function roomWithReaders() {
  const [owner, troll, friend] = await Promise.all([
    world.person("Owner"),
    world.person("Troll"),
    world.person("Friend"),
  ]);
  const room = await owner.openRoom();
  const read = (person: Person) =>
    Promise.all(
      world.gateways.map(async (gateway) => readerOf(await person.connect(gateway), room.id)),
    );
  const [trolls, friends] = await Promise.all([read(troll), read(friend)]);
  return { owner, troll, room, trolls, friends, speaker: await owner.connect() };
}

async function untilAllClosed(readers: Reader[], reason: string): Promise<void> {
  await eventually(
    () => {
      for (const { closings } of readers) expect(closings).toMatchObject([{ reason }]);
    },
    { withinMs: WITHIN_MS },
  );
}

/** Says something that the friends get, and the others do not: then nothing was sent to these. */
async function expectOnlyFriendsToHear(
  speaker: Socket,
  room: Room,
  friends: Reader[],
  others: Reader[],
): Promise<void> {
  const before = others.map(({ pushes }) => pushes.length);
  const { seq } = await say(speaker, room.id, "among friends");
  await eventually(() => {
    for (const { cursor } of friends) expect(cursor.seq).toBe(seq);
  });
  // Each answers once more: whatever had been pushed to it would have come before.
  await Promise.all(others.map(({ socket }) => ask(socket, "room:leave", { room: room.id })));
  expect(others.map(({ pushes }) => pushes.length)).toEqual(before);
}

describe("nothing reaches a socket once its right has ended", () => {
  test.each(["ban", "kick"] as const)(
    "[G18] a %s closes the room to all their sockets on both gateways within a second",
    async (kind) => {
      const { owner, troll, room, trolls, friends, speaker } = await roomWithReaders();
      const { status } = await owner.rest("POST", `/rooms/${room.id}/sanctions`, {
        user: troll.user.id,
        kind,
        reason: "trolling",
      });
      expect(status).toBe(201);
      await untilAllClosed(trolls, kind === "ban" ? "banned" : "kicked");
      await expectOnlyFriendsToHear(speaker, room, friends, trolls);
      for (const { closings } of friends) expect(closings).toEqual([]);
    },
  );

  test("[G18] a ban that a gateway learns of late, with what was said after it, is all that the banned one learns", async () => {
    const { owner, troll, room, trolls, friends } = await roomWithReaders();
    const backstage = await openBackstage(world);
    const unheard = (draft: Draft) =>
      appendUnheard(backstage, {
        room: idOf(room),
        author: draft.by.id,
        at: draft.at,
        rest: factRest(draft),
        idempotency: null,
        policy: null,
        guard: "none",
        slowModeMs: 0,
        cap: 0,
        isMessage: draft.type === "message.sent",
        target: null,
        replyTo: null,
        effects: [],
      });
    const envelope = { at: new Date().toISOString(), by: owner.user };
    const { id: user } = troll.user;
    await unheard({ type: "member.banned", ...envelope, user, until: null, reason: "trolling" });
    const clientId = ClientId.parse(uuidv7());
    await unheard({
      type: "message.sent",
      ...envelope,
      clientId,
      text: "they are gone",
      mentions: [],
    });
    await eventually(() => {
      for (const { seqs } of friends) expect(seqs).toEqual([1, 2]);
      for (const { closings } of trolls) expect(closings).toMatchObject([{ reason: "banned" }]);
    });
    for (const { seqs } of trolls) expect(seqs).toEqual([]);
    await backstage.close();
  });

  test("[G18] a room that becomes private closes to all who are no members of it, lurkers too", async () => {
    const { owner, room, friends, speaker } = await roomWithReaders();
    const stranger = await world.person("Stranger");
    const strangers = await Promise.all(
      world.gateways.map(async (gateway) =>
        readerOf(await stranger.connect(gateway), room.id, { lurk: true }),
      ),
    );
    const { status } = await owner.rest("PATCH", `/rooms/${room.id}`, { visibility: "private" });
    expect(status).toBe(200);
    await untilAllClosed(strangers, "removed");
    await expectOnlyFriendsToHear(speaker, room, friends, strangers);
    const again = await ask(await stranger.connect(world.gateways[1]), "room:enter", {
      room: room.id,
    });
    expect(again).toMatchObject({ ok: false, error: { code: "not_found" } });
  });

  test("[G18] who has left gets nothing more", async () => {
    const { room, trolls, friends, speaker } = await roomWithReaders();
    await Promise.all(trolls.map(({ socket }) => command(socket, "room:leave", { room: room.id })));
    await expectOnlyFriendsToHear(speaker, room, friends, trolls);
  });

  test("[G18] a ban that comes while someone enters takes the seat away, too", async () => {
    for (let round = 0; round < 10; round += 1) {
      const owner = await world.person("Owner");
      const troll = await world.person("Troll");
      const room = await owner.openRoom();
      const socket = await troll.connect(world.gateways[round % 2]);
      const heard: Push<"room.events">[] = [];
      const entering = ask(socket, "room:enter", { room: room.id });
      const banning = owner.rest("POST", `/rooms/${room.id}/sanctions`, {
        user: troll.user.id,
        kind: "ban",
        reason: "trolling",
      });
      await Promise.all([entering, banning]);
      const friend = await readerOf(
        await (await world.person("Friend")).connect(world.gateways[round % 2]),
        room.id,
      );
      // The friend sits behind the same feed: once the ban went through it, the troll's seat is gone.
      await eventually(() => expect(friend.cursor.seq).toBe(1));
      socket.on("room.events", (push: Push<"room.events">) => heard.push(push));
      const { seq } = await say(await owner.connect(), room.id, "are they gone?");
      await eventually(() => expect(friend.cursor.seq).toBe(seq));
      expect(await ask(socket, "room:enter", { room: room.id })).toMatchObject({
        error: { code: "banned" },
      });
      expect(heard).toEqual([]);
    }
  });

  test("[G18] a socket whose token ends is closed within a second of it, and opens no more", async () => {
    const expiresAt = Math.floor(Date.now() / 1_000) + 2;
    const token = await briefToken(expiresAt);
    const socket = await connectSocket(world.gateways[0]?.url ?? "", token);
    const owner = await world.person("Owner");
    const room = await owner.openRoom();
    const reader = await readerOf(socket, room.id);
    await eventually(() => expect(socket.connected).toBe(false), {
      withinMs: expiresAt * 1_000 - Date.now() + WITHIN_MS + 200,
    });
    expect(Date.now()).toBeGreaterThanOrEqual(expiresAt * 1_000);
    expect(reader.problems).toEqual([]);
  });

  test("[G18] a token that ends while its gateway stops ends all the same", async () => {
    const stopping = await world.addGateway();
    const owner = await world.person("Owner");
    const room = await owner.openRoom();
    // They are closed one after the other: the last, two seconds after the first.
    const crowd = await Promise.all(Array.from({ length: 60 }, () => owner.connect(stopping)));
    const expiresAt = Math.floor(Date.now() / 1_000) + 2;
    const socket = await connectSocket(stopping.url, await briefToken(expiresAt));
    await readerOf(socket, room.id);
    let closedAt = Infinity;
    socket.once("disconnect", () => {
      closedAt = Date.now();
    });
    await eventually(() => expect(Date.now()).toBeGreaterThan(expiresAt * 1_000 - 300));
    await stopping.stop();
    expect(crowd.some(({ connected }) => connected)).toBe(false);
    expect(closedAt).toBeLessThan(expiresAt * 1_000 + WITHIN_MS);
  });
});

/** A host's token that ends soon (s since 1970). */
function briefToken(expiresAt: number): Promise<string> {
  return new SignJWT({ name: "Brief" })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject("brief")
    .setExpirationTime(expiresAt)
    .sign(new TextEncoder().encode(SECRET));
}
