import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Socket } from "socket.io-client";
import { v7 as uuidv7 } from "uuid";

import { keys } from "../../db/redis/keys.ts";
import type { Fact } from "../../protocol/facts.ts";
import type { Room, Sanction } from "../../protocol/shapes.ts";
import { eventually } from "../support/eventually.ts";
import { ask, openWorld, type Person, say, type World } from "../support/world.ts";
import { type Backstage, idOf, keptLog, openBackstage, untilStored } from "./backstage.ts";
import { readerOf } from "./reader.ts";

let world: World;
let backstage: Backstage;
beforeAll(async () => {
  world = await openWorld();
  await world.addGateway();
  backstage = await openBackstage(world);
});
afterAll(async () => {
  await backstage.close();
  await world.close();
});

async function roomWithTroll() {
  const owner = await world.person("Owner");
  const troll = await world.person("Troll");
  const room = await owner.openRoom();
  const trolls = await Promise.all(world.gateways.map((gateway) => troll.connect(gateway)));
  return { owner, troll, room, trolls };
}

async function sanction(
  owner: Person,
  room: Room,
  kind: "ban" | "mute" | "kick",
  user: Person,
): Promise<Sanction> {
  const { status, body } = await owner.rest<Sanction>("POST", `/rooms/${room.id}/sanctions`, {
    user: user.user.id,
    kind,
    reason: "trolling",
  });
  expect(status).toBe(201);
  return body;
}

async function tryToSay(socket: Socket, room: Room): Promise<string> {
  const reply = await ask(socket, "message:send", {
    room: room.id,
    clientId: uuidv7(),
    text: "me again",
  });
  return reply.ok ? "said" : reply.error.code;
}

/** Says things on all sockets at once until told to stop; answers the codes that it got. */
function flood(sockets: Socket[], room: Room): { stop: () => Promise<string[]>; codes: string[] } {
  const codes: string[] = [];
  const stop = new AbortController();
  const running = sockets.flatMap((socket) =>
    Array.from({ length: 4 }, async () => {
      while (!stop.signal.aborted) codes.push(await tryToSay(socket, room));
    }),
  );
  return {
    codes,
    stop: async () => {
      stop.abort();
      await Promise.all(running);
      return codes;
    },
  };
}

async function wholeLog(owner: Person, room: Room): Promise<Fact[]> {
  const { facts } = await readerOf(await owner.connect(), room.id, {
    since: { epoch: 0, seq: 0 },
    limit: 500,
  });
  return facts;
}

describe("moderation and messages share one order", () => {
  test("[G8] nobody speaks after their ban's seq, on either gateway, however fast they send", async () => {
    const { owner, troll, room, trolls } = await roomWithTroll();
    for (let round = 0; round < 5; round += 1) {
      const flooding = flood(trolls, room);
      await eventually(() => expect(flooding.codes.length).toBeGreaterThan(20));
      const { id } = await sanction(owner, room, "ban", troll);
      const answeredAt = flooding.codes.length;
      await eventually(() => expect(flooding.codes.length).toBeGreaterThan(answeredAt + 20));
      const codes = await flooding.stop();
      // Up to eight were under way when the ban was answered.
      expect(codes.slice(answeredAt + 8)).not.toContain("said");
      await owner.rest("DELETE", `/rooms/${room.id}/sanctions/${id}`, {});
    }
    let banned = false;
    for (const fact of await wholeLog(owner, room)) {
      if (fact.type === "member.banned") banned = true;
      if (fact.type === "member.unbanned") banned = false;
      expect(banned && fact.type === "message.sent").toBe(false);
    }
    expect(await tryToSay(trolls[0] as Socket, room)).toBe("said");
  });

  test("[G8] a ban outlives everything that Redis knew, and bars from the first send on", async () => {
    const { owner, troll, room, trolls } = await roomWithTroll();
    await sanction(owner, room, "ban", troll);
    await backstage.link.redis.flushall();
    expect(await Promise.all(trolls.map((socket) => tryToSay(socket, room)))).toEqual([
      "banned",
      "banned",
    ]);
    expect(await say(await owner.connect(), room.id, "quiet now")).toMatchObject({ epoch: 2 });
  });

  test("[G8] while the list of sanctions is missing nobody is let through on a guess", async () => {
    const { owner, troll, room, trolls } = await roomWithTroll();
    await sanction(owner, room, "ban", troll);
    await backstage.link.redis.del(keys.sanctions(idOf(room)));
    expect(await tryToSay(trolls[0] as Socket, room)).toBe("banned");
    const entered = await ask(trolls[1] as Socket, "room:enter", { room: room.id });
    expect(entered).toMatchObject({ ok: false, error: { code: "banned" } });
  });

  test("[G8] who is banned is not answered anything of the room, on any gateway and transport", async () => {
    const { owner, troll, room, trolls } = await roomWithTroll();
    const { seq } = await say(trolls[0] as Socket, room.id, "my last words");
    await sanction(owner, room, "ban", troll);
    const onSockets = await Promise.all(
      trolls.flatMap((socket) => [
        ask(socket, "room:enter", { room: room.id }),
        ask(socket, "room:history", { room: room.id }),
        ask(socket, "message:edit", { room: room.id, seq, text: "revenge" }),
        ask(socket, "reaction:add", { room: room.id, seq, emoji: "👍" }),
        ask(socket, "message:remove", { room: room.id, seq }),
      ]),
    );
    for (const reply of onSockets) expect(reply).toMatchObject({ error: { code: "banned" } });
    const overRest = await Promise.all(
      world.gateways.flatMap((gateway) =>
        ["events", "messages", `messages/${seq}`].map((path) =>
          troll.rest("GET", `/rooms/${room.id}/${path}`, undefined, { gateway }),
        ),
      ),
    );
    expect(overRest.map(({ body }) => body.code)).toEqual(Array(6).fill("banned"));
  });

  test("[G8] a mute silences and lets read; lifted, it lets speak again at once on every gateway", async () => {
    const { owner, troll, room, trolls } = await roomWithTroll();
    const { seq } = await say(trolls[0] as Socket, room.id, "hello");
    const { id } = await sanction(owner, room, "mute", troll);
    expect(await Promise.all(trolls.map((socket) => tryToSay(socket, room)))).toEqual([
      "muted",
      "muted",
    ]);
    const edited = await ask(trolls[1] as Socket, "message:edit", {
      room: room.id,
      seq,
      text: "words through the back door",
    });
    expect(edited).toMatchObject({ error: { code: "muted" } });
    const reader = await readerOf(trolls[1] as Socket, room.id);
    expect(reader.seqs).toEqual([1, 2]);
    await owner.rest("DELETE", `/rooms/${room.id}/sanctions/${id}`, {});
    expect(await Promise.all(trolls.map((socket) => tryToSay(socket, room)))).toEqual([
      "said",
      "said",
    ]);
  });

  test("[G8] a sanction is in Postgres before it is answered, and in the log at one seq", async () => {
    const { owner, troll, room } = await roomWithTroll();
    const { id } = await sanction(owner, room, "ban", troll);
    const rows = await backstage.sql`SELECT 1 FROM sanctions WHERE id = ${id}`;
    expect(rows).toHaveLength(1);
    await untilStored(backstage, idOf(room), 1);
    const log = await keptLog(backstage, idOf(room));
    expect(log).toMatchObject([{ seq: 1, type: "member.banned", user: troll.user.id }]);
  });
});
