import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Socket } from "socket.io-client";

import { changeRead, readStates } from "../../db/postgres/read-state.ts";
import { keys } from "../../db/redis/keys.ts";
import type { Room, UnreadRoom } from "../../protocol/shapes.ts";
import type { Gateway } from "../../server/gateway.ts";
import { drain } from "../../workers/drain.ts";
import { type Backstage, idOf, openBackstage } from "../guarantees/backstage.ts";
import { seed } from "../simulation/seed.ts";
import { eventually } from "../support/eventually.ts";
import { ask, command, openWorld, type Person, say, type World } from "../support/world.ts";
import { happening, Play, type Stage } from "./read-state-model.ts";

let world: World;
let backstage: Backstage;
let second: Gateway;
let [ada, grace, eve]: Person[] = [];
beforeAll(async () => {
  world = await openWorld({ worker: false });
  second = await world.addGateway();
  backstage = await openBackstage(world);
});
afterAll(async () => {
  await backstage.close();
  await world.close();
});

const drainNow = async () => {
  await drain(backstage.worker({ keep: 5 }), { shouldStop: () => false });
};

/** A room where Ada, who reads on two devices, Grace, and Eve, whose room it is, are. */
async function scene(): Promise<Stage & { open: Room }> {
  const [reader, other, owner] = await Promise.all(
    ["Ada", "Grace", "Eve"].map((name) => world.person(name)),
  );
  if (reader === undefined || other === undefined || owner === undefined) throw new Error("Nobody");
  [ada, grace, eve] = [reader, other, owner];
  const open = await owner.openRoom();
  const sockets: Stage["sockets"] = [
    await reader.connect(),
    await other.connect(),
    await owner.connect(),
  ];
  for (const socket of sockets) await command(socket, "room:enter", { room: open.id });
  return {
    people: [reader, other, owner],
    room: open.id,
    open,
    sockets,
    device: await reader.connect(second),
    drain: drainNow,
    lose: async () => {
      await backstage.link.redis.flushall();
    },
  };
}

async function closeAll({ sockets, device }: Stage): Promise<void> {
  for (const socket of [...sockets, device]) socket.disconnect();
}

async function sayMany(socket: Socket, room: string, count: number): Promise<number[]> {
  const seqs: number[] = [];
  for (let i = 0; i < count; i += 1) seqs.push((await say(socket, room, `line ${i}`)).seq);
  return seqs;
}

async function unreadIn(person: Person | undefined, room: string): Promise<UnreadRoom | undefined> {
  const answer = await person?.rest<{ items: UnreadRoom[] }>("GET", "/unread");
  return answer?.body.items.find((item) => item.room === room);
}

describe("what is read, and what is left", () => {
  test(`[G9] is counted as if all messages were looked at, whatever happens (seed ${seed})`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(happening, { minLength: 10, maxLength: 40, size: "max" }),
        async (script) => {
          const stage = await scene();
          try {
            const play = new Play(stage);
            for (const what of script) {
              await play.run(what);
              await play.check();
            }
            await play.checkStored();
          } finally {
            await closeAll(stage);
          }
        },
      ),
      { seed, numRuns: 15, interruptAfterTimeLimit: 40_000 },
    );
  }, 120_000);

  test("jumping to the end does not mark what was skipped", async () => {
    const stage = await scene();
    const { room, sockets } = stage;
    const seqs = await sayMany(sockets[1], room, 10);
    const last = seqs.at(-1) ?? 0;
    const read = await command(sockets[0], "room:read", { room, ranges: [[last - 1, last]] });
    expect(read).toMatchObject({
      unread: 8,
      firstUnread: seqs[0],
      lastReadSeq: 0,
      readRanges: [[last - 1, last]],
      changed: [[last - 1, last]],
    });
    await closeAll(stage);
  });

  test("marked as unread from a message on, and undone, it is what it was", async () => {
    const stage = await scene();
    const { room, sockets } = stage;
    const seqs = await sayMany(sockets[1], room, 10);
    await command(sockets[0], "room:read", { room, seq: seqs[3] ?? 0 });
    const before = await command(sockets[0], "room:read", {
      room,
      ranges: [[seqs[6] ?? 0, seqs[7] ?? 0]],
    });
    const marked = await command(sockets[0], "room:unread", { room, seq: seqs[2] ?? 0 });
    expect(marked).toMatchObject({
      unread: 8,
      firstUnread: seqs[2],
      changed: [
        [seqs[2], seqs[3]],
        [seqs[6], seqs[7]],
      ],
    });
    const undone = await command(sockets[0], "room:read", { room, ranges: marked.changed });
    expect(undone).toMatchObject({
      unread: before.unread,
      lastReadSeq: before.lastReadSeq,
      readRanges: before.readRanges,
    });
    await closeAll(stage);
  });

  test("read in pieces, with other facts between, is one stretch", async () => {
    const stage = await scene();
    const { room, sockets } = stage;
    const seqs: number[] = [];
    for (let i = 0; i < 6; i += 1) {
      const [seq = 0] = await sayMany(sockets[1], room, 1);
      await command(sockets[2], "reaction:add", { room, seq, emoji: "👍" });
      seqs.push(seq);
    }
    await drainNow();
    for (const i of [1, 5, 3, 0, 4, 2]) {
      const seq = seqs[i] ?? 0;
      await command(sockets[0], "room:read", { room, ranges: [[seq, seq]] });
    }
    const { me } = await command(sockets[0], "room:enter", { room });
    expect(me).toMatchObject({ unread: 0, lastReadSeq: seqs[5], readRanges: [] });
    await closeAll(stage);
  });

  test("nobody has read what is not said yet", async () => {
    const stage = await scene();
    const { room, sockets } = stage;
    await sayMany(sockets[1], room, 2);
    await command(sockets[0], "room:read", { room, seq: 1_000_000 });
    await command(sockets[0], "room:read", { room, ranges: [[1_000, 1_000_000]] });
    await sayMany(sockets[1], room, 3);
    const { me } = await command(sockets[0], "room:enter", { room });
    expect(me).toMatchObject({ unread: 3, readRanges: [] });
    await closeAll(stage);
  });

  test("a count that was kept holds no more once somebody is blocked, or no longer, or a message is removed", async () => {
    const stage = await scene();
    const { room, sockets, people } = stage;
    const [first = 0] = await sayMany(sockets[1], room, 2);
    await sayMany(sockets[2], room, 1);
    await drainNow();
    const counted = async () => (await unreadIn(ada, room))?.unread;
    expect(await counted()).toBe(3);
    await people[0].rest("PUT", `/blocks/${people[1].user.id}`);
    expect(await counted()).toBe(1);
    await people[0].rest("DELETE", `/blocks/${people[1].user.id}`);
    expect(await counted()).toBe(3);
    await command(sockets[1], "message:remove", { room, seq: first });
    await drainNow();
    expect(await counted()).toBe(2);
    await closeAll(stage);
  });

  test("a message that is removed and cleaned up before that is stored counts less once, not twice", async () => {
    const stage = await scene();
    const { room, sockets, people } = stage;
    const seqs = await sayMany(sockets[1], room, 3);
    await drainNow();
    await command(sockets[1], "message:remove", { room, seq: seqs[1] ?? 0 });
    const { status } = await people[2].rest("POST", `/rooms/${room}/removals`, {
      author: people[1].user.id,
      reason: "a raid",
    });
    expect(status).toBe(200);
    const { me } = await command(sockets[0], "room:enter", { room });
    expect(me).toMatchObject({ unread: 0, firstUnread: null });
    await closeAll(stage);
  });

  test("two devices that read at once lose nothing of each other", async () => {
    const stage = await scene();
    const { room, sockets, device } = stage;
    const seqs = await sayMany(sockets[1], room, 40);
    await Promise.all(
      seqs.map((seq, i) =>
        command(i % 2 === 0 ? sockets[0] : device, "room:read", { room, ranges: [[seq, seq]] }),
      ),
    );
    const { me } = await command(device, "room:enter", { room });
    expect(me).toMatchObject({ unread: 0, lastReadSeq: seqs.at(-1), readRevision: 40 });
    await closeAll(stage);
  });

  test("who reads here and there keeps the newest and the longest of so many ranges", async () => {
    const stage = await scene();
    const { store } = backstage;
    const room = idOf(stage.open);
    const user = stage.people[0].user.id;
    await sayMany(stage.sockets[1], room, 1);
    for (let i = 1; i <= 250; i += 1) {
      const from = i * 10;
      const to = i === 1 ? from + 5 : from;
      await changeRead(store, { room, user, ranges: [[from, to]], as: "read" });
    }
    const [state] = await readStates(store.sql, room, [user]);
    expect(state?.readRanges).toHaveLength(200);
    expect(state?.readRanges).toContainEqual([10, 15]);
    expect(state?.readRanges).toContainEqual([2_500, 2_500]);
    await closeAll(stage);
  });

  test("[G14] the tombstone of a message that could not be stored is not counted", async () => {
    const stage = await scene();
    const { room, sockets } = stage;
    const [seq = 0] = await sayMany(sockets[1], room, 2);
    const body = keys.body(idOf(stage.open));
    const { redis } = backstage.link;
    const fact = JSON.parse((await redis.hget(body, String(seq))) ?? "") as object;
    await redis.hset(body, String(seq), JSON.stringify({ ...fact, text: "\0" }));
    await drainNow();
    expect(await unreadIn(ada, room)).toMatchObject({ unread: 1, head: seq + 1 });
    await closeAll(stage);
  });
});

describe("all that is unread", () => {
  test("is told room by room, in pages, and not of rooms that one was banned from", async () => {
    const stage = await scene();
    const { sockets, people } = stage;
    const rooms: string[] = [stage.room];
    for (let i = 0; i < 4; i += 1) {
      const { id } = await people[2].openRoom(`Room ${i}`);
      rooms.push(id);
      await command(sockets[0], "room:enter", { room: id });
      await sayMany(sockets[2], id, i);
    }
    await drainNow();
    const seen: UnreadRoom[] = [];
    let cursor: string | null = null;
    do {
      const { items, nextCursor }: { items: UnreadRoom[]; nextCursor: string | null } =
        await command(sockets[0], "unread:list", {
          limit: 2,
          ...(cursor === null ? {} : { cursor }),
        });
      expect(items.length).toBeLessThanOrEqual(2);
      seen.push(...items);
      cursor = nextCursor;
    } while (cursor !== null);
    expect(seen.map(({ room, unread }) => [room, unread])).toEqual(
      rooms.map((room, i) => [room, Math.max(0, i - 1)]),
    );
    await people[2].rest("POST", `/rooms/${rooms[4]}/sanctions`, {
      user: people[0].user.id,
      kind: "ban",
      reason: "spam",
    });
    expect(await unreadIn(ada, rooms[4] ?? "")).toBeUndefined();
    expect(await unreadIn(ada, rooms[3] ?? "")).toMatchObject({ unread: 2 });
    expect(await unreadIn(grace, rooms[3] ?? "")).toBeUndefined();
    await closeAll(stage);
  });
});

describe("[security 10] what is read", () => {
  test("of a private room is nobody's business who is not in it", async () => {
    const stage = await scene();
    const { id } = (await eve?.openRoom("Hush", { visibility: "private" })) ?? { id: "" };
    for (const name of ["room:read", "room:unread"] as const) {
      const reply = await ask(stage.sockets[0], name, { room: id, seq: 1 });
      expect(reply).toMatchObject({ ok: false, error: { code: "not_found" } });
    }
    await closeAll(stage);
  });

  test("is pushed to nobody else", async () => {
    const stage = await scene();
    const { room, sockets, device } = stage;
    const heard: string[] = [];
    for (const [i, socket] of [...sockets, device].entries()) {
      socket.on("room.read", () => heard.push(`${i}`));
    }
    const [seq = 0] = await sayMany(sockets[1], room, 1);
    await command(sockets[0], "room:read", { room, seq });
    await eventually(() => expect(heard.toSorted()).toEqual(["0", "3"]));
    await say(sockets[1], room, "one more");
    await command(sockets[1], "room:read", { room, seq });
    await eventually(() => expect(heard.toSorted()).toEqual(["0", "1", "3"]));
    await closeAll(stage);
  });
});
