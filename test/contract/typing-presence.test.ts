import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Socket } from "socket.io-client";

import type { Push, PushName } from "../../protocol/facts.ts";
import { eventually } from "../support/eventually.ts";
import { ask, command, openWorld, type Person, say, type World } from "../support/world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld({ worker: false });
  await world.addGateway();
});
afterAll(() => world.close());

/** All pushes of one name that a socket gets from now on. */
function collect<N extends PushName>(socket: Socket, name: N): Push<N>[] {
  const got: Push<N>[] = [];
  socket.onAny((each: string, push: Push<N>) => {
    if (each === name) got.push(push);
  });
  return got;
}

/** A room with its owner and two guests; the second one reads on another gateway. */
async function scene() {
  const [owner, ada, grace] = (await Promise.all(
    ["Owner", "Ada", "Grace"].map((name) => world.person(name)),
  )) as [Person, Person, Person];
  const room = await owner.openRoom();
  const [hers, graces] = [await ada.connect(), await grace.connect(world.gateways[1])];
  for (const socket of [hers, graces]) await command(socket, "room:enter", { room: room.id });
  const moderate = async (method: string, path: string, body?: object) => {
    const { status } = await owner.rest(method, `/rooms/${room.id}${path}`, body);
    expect(status).toBeLessThan(300);
  };
  const sanction = (person: Person, kind: "mute" | "kick" | "ban", seconds?: number) =>
    moderate("POST", "/sanctions", {
      user: person.user.id,
      kind,
      reason: "spam",
      ...(seconds === undefined ? {} : { seconds }),
    });
  return { owner, ada, grace, hers, graces, room, moderate, sanction };
}

describe("typing", () => {
  test("who types is shown to those in the room, on every gateway", async () => {
    const { ada, hers, graces, room } = await scene();
    const shown = collect(graces, "room.typing");
    expect(await ask(hers, "typing:start", { room: room.slug })).toEqual({ ok: true });
    await eventually(() => expect(shown).toEqual([{ room: room.id, users: [ada.user.id] }]));
  });

  test("however often one types in a moment, it is shown once or so", async () => {
    const { ada, grace, hers, graces, room } = await scene();
    const shown = collect(graces, "room.typing");
    const typings = Array.from({ length: 50 }, () => ask(hers, "typing:start", { room: room.id }));
    await Promise.all(typings);
    // Grace's own comes through the same channel after all of Ada's.
    await command(graces, "typing:start", { room: room.id });
    const shownOf = (person: Person) => shown.filter(({ users }) => users.includes(person.user.id));
    await eventually(() => expect(shownOf(grace)).toHaveLength(1));
    expect(shownOf(ada).length).toBeLessThanOrEqual(3);
  });

  test.each([
    ["mute", "muted"],
    ["ban", "banned"],
  ] as const)("[G18] a %s ends typing, too", async (kind, code) => {
    const { ada, grace, hers, graces, room, sanction } = await scene();
    const shown = collect(graces, "room.typing");
    await sanction(ada, kind, 60);
    expect(await ask(hers, "typing:start", { room: room.id })).toMatchObject({
      ok: false,
      error: { code, message: expect.stringMatching(/until .*spam.*appeal/u) },
    });
    // Grace's own comes through the same channel later: nothing of Ada's was before it.
    await command(graces, "typing:start", { room: room.id });
    await eventually(() => expect(shown).toEqual([{ room: room.id, users: [grace.user.id] }]));
  });

  test("who is not in a room does not type in it, however public it is", async () => {
    const { grace, graces, room } = await scene();
    const shown = collect(graces, "room.typing");
    const outside = await (await world.person("Passer-by")).connect();
    const refused = { ok: false, error: { code: "forbidden" } };
    expect(await ask(outside, "typing:start", { room: room.id })).toMatchObject(refused);
    await command(outside, "room:enter", { room: room.id });
    expect(await ask(outside, "typing:start", { room: room.id })).toEqual({ ok: true });
    await command(outside, "room:leave", { room: room.id });
    expect(await ask(outside, "typing:start", { room: room.id })).toMatchObject(refused);
    await command(graces, "typing:start", { room: room.id });
    await eventually(() => expect(shown.flatMap(({ users }) => users).at(-1)).toBe(grace.user.id));
    expect(shown.flatMap(({ users }) => users)).toHaveLength(2);
  });

  test("[G18] nobody types in a locked room, nor in one that they may not know of", async () => {
    const { hers, room, moderate } = await scene();
    await moderate("PATCH", "", { locked: true });
    expect(await ask(hers, "typing:start", { room: room.id })).toMatchObject({
      error: { code: "locked" },
    });
    const stranger = await (await world.person("Stranger")).connect();
    await moderate("PATCH", "", { locked: false, visibility: "private" });
    expect(await ask(stranger, "typing:start", { room: room.id })).toMatchObject({
      error: { code: "not_found" },
    });
  });
});

describe("presence", () => {
  test("who comes and who goes is told with the count, on every gateway", async () => {
    const { owner, ada, graces, hers, room } = await scene();
    const told = collect(graces, "room.presence");
    const third = await owner.connect();
    await command(third, "room:enter", { room: room.id });
    const { id, name, kind } = owner.user;
    await eventually(() => {
      expect(told.at(-1)).toMatchObject({ room: room.id, count: 3 });
      expect(told.flatMap(({ joined }) => joined)).toContainEqual({ id, name, kind });
    });
    hers.disconnect();
    await command(third, "room:leave", { room: room.id });
    await eventually(() => {
      expect(told.at(-1)?.count).toBe(1);
      expect(new Set(told.flatMap(({ left }) => left))).toEqual(new Set([ada.user.id, id]));
    });
  });

  test("someone with two tabs is here once, and gone with the last", async () => {
    const { ada, grace, hers, graces, room } = await scene();
    const told = collect(graces, "room.presence");
    const tab = await ada.connect();
    const entered = await command(tab, "room:enter", { room: room.id });
    expect(entered.presence.count).toBe(2);
    expect(new Set(entered.presence.users.map((user) => user.id))).toEqual(
      new Set([ada.user.id, grace.user.id]),
    );
    tab.disconnect();
    await say(hers, room.id, "still here");
    hers.disconnect();
    await eventually(() => expect(told.at(-1)).toMatchObject({ count: 1, left: [ada.user.id] }));
    expect(told.flatMap(({ left }) => left)).toEqual([ada.user.id]);
  });

  test("a lurker is neither counted nor named", async () => {
    const { owner, graces, room } = await scene();
    const told = collect(graces, "room.presence");
    const lurker = await owner.connect();
    const { presence } = await command(lurker, "room:enter", { room: room.id, lurk: true });
    expect(presence.count).toBe(2);
    const fourth = await (await world.person("Fourth")).connect();
    await command(fourth, "room:enter", { room: room.id });
    await eventually(() => expect(told.at(-1)?.count).toBe(3));
    expect(told.flatMap(({ joined }) => joined.map((face) => face.id))).not.toContain(
      owner.user.id,
    );
  });

  test("who enters again to lurk has left the list, on every gateway", async () => {
    const { ada, hers, graces, room } = await scene();
    const told = collect(graces, "room.presence");
    const again = await command(hers, "room:enter", { room: room.id, lurk: true });
    expect(again.presence.users.map((user) => user.id)).not.toContain(ada.user.id);
    await eventually(() => expect(told.at(-1)).toMatchObject({ count: 1, left: [ada.user.id] }));
    await command(hers, "room:enter", { room: room.id });
    await eventually(() => expect(told.at(-1)).toMatchObject({ count: 2 }));
    expect(told.at(-1)?.joined.map(({ id }) => id)).toEqual([ada.user.id]);
  });

  test("a crowd that comes at once is told in few pushes", async () => {
    const { graces, room } = await scene();
    const told = collect(graces, "room.presence");
    const crowd = await Promise.all(
      Array.from({ length: 30 }, async (_, i) => (await world.person(`P${i}`)).connect()),
    );
    await Promise.all(crowd.map((socket) => command(socket, "room:enter", { room: room.id })));
    await eventually(() => expect(told.at(-1)?.count).toBe(32));
    expect(told.length).toBeLessThanOrEqual(5);
  });
});

describe("a room that closes", () => {
  const banned = { error: { code: "banned" } };
  test.each([
    ["a kick", "kick", undefined, { reason: "kicked" }, { ok: true }],
    ["a ban for good", "ban", undefined, { reason: "banned", until: null }, banned],
    [
      "a ban for a minute",
      "ban",
      60,
      { reason: "banned", until: expect.stringMatching(/Z$/u) },
      banned,
    ],
  ] as const)(
    "[G18] %s tells whom it meets, and nobody else",
    async (_what, kind, seconds, why, again) => {
      const { ada, hers, graces, room, sanction } = await scene();
      const [closed, others] = [collect(hers, "room.closed"), collect(graces, "room.closed")];
      await sanction(ada, kind, seconds);
      const by = { kind, scope: "room", reason: "spam" };
      const told = { room: room.id, ...why, sanction: expect.objectContaining(by) };
      await eventually(() => expect(closed).toEqual([told]));
      expect(await ask(hers, "room:enter", { room: room.id })).toMatchObject(again);
      expect(others).toEqual([]);
    },
  );

  test("an archived room closes to all; its history stays, and nobody speaks", async () => {
    const { ada, owner, hers, graces, room, moderate } = await scene();
    await say(hers, room.id, "last words");
    const closings = [hers, graces].map((socket) => collect(socket, "room.closed"));
    await moderate("DELETE", "");
    const archived = [{ room: room.id, reason: "archived" }];
    await eventually(() => expect(closings).toEqual([archived, archived]));

    const send = { clientId: "018f4d0e-7a3b-7cde-8f00-0123456789ab", text: "hello?" };
    for (const person of [ada, owner]) {
      const { status, body } = await person.rest("POST", `/rooms/${room.id}/messages`, send);
      expect([status, body.code]).toEqual([423, "locked"]);
    }
    expect(await ask(hers, "message:send", { room: room.id, ...send })).toMatchObject({
      error: { code: "locked" },
    });
    const history = await command(hers, "room:history", { room: room.id });
    expect(history.events).toMatchObject([{ text: "last words" }, { type: "room.updated" }]);
    const { body } = await ada.rest("GET", `/rooms/${room.slug}`);
    expect(body).toMatchObject({ archivedAt: expect.stringMatching(/Z$/u) });
  });
});

test("[G6] a quiet room tells where its log ends", async () => {
  const { graces, room } = await scene();
  const heads = collect(graces, "room.head");
  await eventually(() => expect(heads).toEqual([{ room: room.id, epoch: 1, seq: 0 }]));
});

test("[security 10] leaving does not tell a stranger which private rooms there are", async () => {
  const owner = await world.person("Owner");
  const room = await owner.openRoom("Secret", { visibility: "private" });
  const stranger = await (await world.person("Stranger")).connect();
  for (const ref of [room.id, room.slug, "no-such-room"]) {
    expect(await ask(stranger, "room:leave", { room: ref })).toMatchObject({
      error: { code: "not_found" },
    });
  }
  const hers = await owner.connect();
  await command(hers, "room:enter", { room: room.id });
  await command(hers, "room:leave", { room: room.id });
  await command(hers, "room:leave", { room: room.id });
});
