import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { v7 as uuidv7 } from "uuid";

import type { Push } from "../../protocol/facts.ts";
import type { PlatformBan, Room } from "../../protocol/shapes.ts";
import { eventually } from "../support/eventually.ts";
import {
  ask,
  connectSocket,
  firstGateway,
  HOST_SECRET,
  openWorld,
  type Person,
  say,
  type World,
} from "../support/world.ts";
import { type Backstage, losePower, openBackstage } from "./backstage.ts";

let world: World;
let backstage: Backstage;
beforeEach(async () => {
  world = await openWorld({ env: { AUTH_JWT_SECRET: HOST_SECRET, APPEAL: "Write to us." } });
  await world.addGateway();
  backstage = await openBackstage(world);
});
afterEach(async () => {
  await backstage.close();
  await world.close();
});

async function cast() {
  const [root, owner, troll] = await Promise.all([
    world.administrator("Root"),
    world.person("Owner"),
    world.person("Troll"),
  ]);
  const rooms = await Promise.all([owner.openRoom("One"), owner.openRoom("Two")]);
  return { root, owner, troll, rooms };
}

async function ban(root: Person, troll: Person, more: object = {}): Promise<PlatformBan> {
  const { status, body } = await root.rest<PlatformBan>("POST", "/platform/bans", {
    user: troll.user.id,
    reason: "spam",
    ...more,
  });
  expect(status).toBe(201);
  return body;
}

function speak(gateway: World["gateways"][number], troll: Person, room: Room) {
  const said = { clientId: uuidv7(), text: "again" };
  return troll.rest("POST", `/rooms/${room.id}/messages`, said, { gateway });
}

test("[G8] a ban from the platform is in force in every room with the next message on every gateway, and sockets are closed within a second", async () => {
  const { root, troll, rooms } = await cast();
  const sockets = await Promise.all(world.gateways.map((gateway) => troll.connect(gateway)));
  for (const socket of sockets) for (const { id } of rooms) await say(socket, id, "before");
  const ended = sockets.map(
    (socket) =>
      new Promise<Push<"session.ended">>((resolve) => {
        socket.once("session.ended", resolve);
      }),
  );
  const gone = sockets.map(
    (socket) => new Promise((resolve) => socket.once("disconnect", resolve)),
  );
  const { until } = await ban(root, troll, { seconds: 3_600 });
  const bannedAt = Date.now();
  const replies = await Promise.all(
    sockets.flatMap((socket) =>
      rooms.map(({ id }) =>
        socket
          .timeout(500)
          .emitWithAck("message:send", { room: id, clientId: uuidv7(), text: "after" })
          .catch(() => ({ ok: false })),
      ),
    ),
  );
  for (const reply of replies) expect(reply).toMatchObject({ ok: false });
  for (const push of await Promise.all(ended)) {
    const sanction = {
      kind: "ban",
      scope: "platform",
      reason: "spam",
      until,
      appeal: "Write to us.",
    };
    expect(push).toMatchObject({ reason: "banned", sanction });
  }
  await Promise.all(gone);
  expect(Date.now() - bannedAt).toBeLessThan(1_000);
  for (const gateway of world.gateways) {
    for (const room of rooms) {
      const refused = await speak(gateway, troll, room);
      expect(refused).toMatchObject({ status: 403, body: { code: "banned" } });
    }
    await expect(connectSocket(gateway.url, troll.token)).rejects.toMatchObject({
      data: { code: "banned", sanction: { scope: "platform" } },
    });
  }
  const facts = await backstage.sql`SELECT text FROM facts WHERE text = 'after'`;
  expect(facts).toEqual([]);
});

const disasters: [string, () => Promise<void>][] = [
  ["FLUSHALL", async () => void (await backstage.link.redis.flushall())],
  [
    "the loss of its own keys only",
    async () => {
      const names = await backstage.link.redis.keys("*:barred");
      expect(names.length).toBeGreaterThan(0);
      await backstage.link.redis.del(...names);
    },
  ],
  ["kill -9 of Redis", () => losePower(world, backstage, null)],
];

test.each(disasters)(
  "[G8] the append script itself refuses who is banned from the platform, after %s too",
  async (_what, disaster) => {
    const { root, owner, troll, rooms } = await cast();
    const sockets = await Promise.all(world.gateways.map((gateway) => troll.connect(gateway)));
    const [room] = rooms;
    for (const socket of sockets) await say(socket, room?.id ?? "", "before");
    await ban(root, troll);
    await disaster();
    // Asked as if nobody had looked at the token: what remains is the script.
    const { appendSeeded } = await import("../../db/append.ts");
    const append = (author: Person) =>
      appendSeeded(backstage.stores, {
        room: room.id,
        author: author.user.id,
        at: new Date().toISOString(),
        rest: '"type":"message.sent"}',
        idempotency: null,
        policy: null,
        guard: "ban",
        slowModeMs: 0,
        cap: 0,
        isMessage: false,
        target: null,
        replyTo: null,
        effects: [],
      });
    await eventually(async () =>
      expect(await append(troll)).toEqual({
        status: "sanctioned",
        kind: "platform",
        untilMs: null,
      }),
    );
    const owners = await owner.connect();
    await eventually(() => say(owners, room.id, "still here"));
  },
);

test("[G8] a ban that was lifted is over at once everywhere, and another one of the same person still stands", async () => {
  const { root, troll, rooms } = await cast();
  const [room] = rooms;
  const first = await ban(root, troll);
  const second = await ban(root, troll);
  expect((await root.rest("DELETE", `/platform/bans/${first.id}`)).status).toBe(204);
  await eventually(async () => {
    for (const gateway of world.gateways)
      expect((await speak(gateway, troll, room)).status).toBe(403);
  });
  expect((await root.rest("DELETE", `/platform/bans/${second.id}`)).status).toBe(204);
  await eventually(async () => {
    for (const gateway of world.gateways)
      expect((await speak(gateway, troll, room)).status).toBe(200);
  });
  const { body } = await root.rest<{ items: PlatformBan[] }>("GET", "/platform/bans");
  expect(body.items.map(({ id }) => id)).toEqual([second.id, first.id]);
  for (const { liftedAt } of body.items) expect(liftedAt).toBeDefined();
});

test("[G8] a ban that Redis was not told of is told by a worker, and one that runs out is over by itself", async () => {
  const { root, troll, rooms } = await cast();
  const [room] = rooms;
  await say(await troll.connect(), room.id, "before");
  await backstage.sql`
    INSERT INTO platform_bans (id, user_id, reason, by_id, at, until)
    VALUES (${uuidv7()}, ${troll.user.id}, 'spam', ${root.user.id}, now(), now() + interval '4 seconds')`;
  await eventually(async () => {
    const [name = ""] = await backstage.link.redis.keys("*:barred");
    expect(await backstage.link.redis.hexists(name, troll.user.id)).toBe(1);
  });
  expect((await speak(firstGateway(world), troll, room)).status).toBe(403);
  await eventually(
    async () => {
      expect((await speak(firstGateway(world), troll, room)).status).toBe(200);
    },
    { withinMs: 10_000 },
  );
});

test("only platform administrators ban from the platform", async () => {
  const { owner, troll } = await cast();
  const wish = { user: troll.user.id, reason: "spam" };
  expect((await owner.rest("POST", "/platform/bans", wish)).status).toBe(403);
  expect((await owner.rest("GET", "/platform/bans")).status).toBe(403);
  const socket = await troll.connect();
  expect(await ask(socket, "room:leave", { room: "no-such-room" })).toMatchObject({ ok: false });
});
