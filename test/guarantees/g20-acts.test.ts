import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";

import { appendPending, notePending } from "../../db/pending-facts.ts";
import { keys } from "../../db/redis/keys.ts";
import { sanctionField } from "../../db/seed-room.ts";
import type { Fact } from "../../protocol/facts.ts";
import type { Sanction } from "../../protocol/shapes.ts";
import { drain } from "../../workers/drain.ts";
import { sweep } from "../../workers/sweep.ts";
import { eventually } from "../support/eventually.ts";
import { ask, openWorld, type Person, type World } from "../support/world.ts";
import { type Backstage, idOf, keptLog, losePower, metaOf, openBackstage } from "./backstage.ts";
import { readerOf } from "./reader.ts";

let world: World;
let backstage: Backstage;
beforeAll(async () => {
  world = await openWorld({ worker: false });
  backstage = await openBackstage(world);
});
afterAll(async () => {
  await backstage.close();
  await world.close();
});

/** A ban that Postgres has committed and whose process died before its fact was appended. */
async function diedAfterCommit() {
  const owner = await world.person("Owner");
  const troll = await world.person("Troll");
  const room = await owner.openRoom();
  const reader = await readerOf(await owner.connect(), room.id);
  const at = new Date().toISOString();
  await backstage.store.sql.begin((tx) =>
    notePending(tx, {
      room: idOf(room),
      author: owner.user.id,
      draft: {
        type: "member.banned",
        at,
        by: { id: owner.user.id, name: "Owner" },
        user: troll.user.id,
        until: null,
        reason: "trolling",
      },
      effects: [{ kind: "sanction", field: sanctionField("ban", troll.user.id), until: null }],
    }),
  );
  return { owner, troll, room, reader };
}

const bans = (facts: Fact[]) => facts.filter(({ type }) => type === "member.banned");

describe("what a moderator was answered is in the log exactly once", () => {
  test("[G20] an act whose process died before its fact is swept into the log, and takes effect", async () => {
    const { troll, room, reader } = await diedAfterCommit();
    const deps = { ...backstage.worker(), now: () => Date.now() };
    await eventually(async () => {
      await sweep(deps, () => false);
      expect(
        await backstage.sql`SELECT 1 FROM pending_facts WHERE room_id = ${room.id}`,
      ).toHaveLength(0);
    });
    await eventually(() => expect(bans(reader.facts)).toHaveLength(1));
    const said = await ask(await troll.connect(), "message:send", {
      room: room.id,
      clientId: crypto.randomUUID(),
      text: "hi",
    });
    expect(said).toMatchObject({ ok: false, error: { code: "banned" } });
  });

  test("[G20] act and sweeper at once, ten of each: one fact", async () => {
    const { room, reader } = await diedAfterCommit();
    await Promise.all(
      Array.from({ length: 20 }, () => appendPending(backstage.stores, idOf(room))),
    );
    await eventually(() => expect(bans(reader.facts)).toHaveLength(1));
    await drain(backstage.worker(), { shouldStop: () => false });
    const rest = await backstage.sql`SELECT 1 FROM pending_facts WHERE room_id = ${room.id}`;
    expect(rest).toHaveLength(0);
    expect(bans(reader.facts)).toHaveLength(1);
  });

  test("[G20] a sanction whose fact Redis lost before it was stored is in the log again, and once", async () => {
    const owner = await world.person("Owner");
    const troll = await world.person("Troll");
    const room = await owner.openRoom();
    const ban = { user: troll.user.id, kind: "ban", reason: "trolling" };
    expect((await owner.rest("POST", `/rooms/${room.id}/sanctions`, ban)).status).toBe(201);
    await backstage.link.redis.flushall();
    const deps = { ...backstage.worker(), now: () => Date.now() };
    await eventually(async () => {
      await sweep(deps, () => false);
      expect(bans(await keptLog(backstage, idOf(room)))).toHaveLength(1);
    });
    await sweep({ ...deps, now: () => Date.now() + 60_000 }, () => false);
    const { facts } = await readerOf(await owner.connect(), room.id);
    expect(bans(facts)).toHaveLength(1);
    const rest = await backstage.sql`SELECT 1 FROM pending_facts WHERE room_id = ${room.id}`;
    expect(rest).toHaveLength(0);
  });

  test("[G20] a fact that was appended and stored, and whose note was left behind, is not appended again after a loss of Redis", async () => {
    const { room, reader } = await diedAfterCommit();
    const [note] = await backstage.sql`SELECT * FROM pending_facts WHERE room_id = ${room.id}`;
    await appendPending(backstage.stores, idOf(room));
    await sweep({ ...backstage.worker(), now: () => Date.now() + 60_000 }, () => false);
    await backstage.link.redis.flushall();
    await backstage.sql`INSERT INTO pending_facts ${backstage.sql(note ?? {}, "id", "room_id", "author_id", "draft", "effects", "created_at")}`;
    await appendPending(backstage.stores, idOf(room));
    const late = await readerOf(reader.socket, room.id);
    expect(bans(late.facts)).toHaveLength(1);
  });

  test("[G20] a sanction and its lifting keep their order, whoever appends them", async () => {
    const { owner, troll, room } = await diedAfterCommit();
    const { body: ban } = await owner.rest<Sanction>("POST", `/rooms/${room.id}/sanctions`, {
      user: troll.user.id,
      kind: "ban",
      reason: "again",
    });
    await owner.rest("DELETE", `/rooms/${room.id}/sanctions/${ban.id}`, { reason: "forgiven" });
    const { facts } = await readerOf(await owner.connect(), room.id);
    expect(facts.map(({ type }) => type)).toEqual([
      "member.banned",
      "member.banned",
      "member.unbanned",
    ]);
    const said = await ask(await troll.connect(), "message:send", {
      room: room.id,
      clientId: crypto.randomUUID(),
      text: "thank you",
    });
    expect(said.ok).toBe(true);
  });
});

/** Someone who was banned and unbanned, neither of which is stored yet, and how they try to speak. */
async function forgiven() {
  const owner = await world.person("Owner");
  const troll = await world.person("Troll");
  const room = await owner.openRoom();
  const sanctions = `/rooms/${room.id}/sanctions`;
  const { body: ban } = await owner.rest<Sanction>("POST", sanctions, {
    user: troll.user.id,
    kind: "ban",
    reason: "trolling",
  });
  expect((await owner.rest("DELETE", `${sanctions}/${ban.id}`, {})).status).toBeLessThan(300);
  return { room, speak: () => speak(troll, room.id) };
}

async function speak(person: Person, room: string): Promise<string> {
  const message = { clientId: crypto.randomUUID(), text: "sorry" };
  const { body } = await person.rest("POST", `/rooms/${room}/messages`, message);
  return body.code ?? "said";
}

describe("who was unbanned speaks after the fact that says so, and not before", () => {
  test("[G8] [G20] when Redis lost that fact, they wait until it is in the log again", async () => {
    const { room, speak: say } = await forgiven();
    await backstage.link.redis.flushall();
    expect(await say()).toBe("banned");
    await appendPending(backstage.stores, idOf(room));
    expect(await say()).toBe("said");
  });

  test("[G8] [G20] when that fact survived a loss, they need not wait", async () => {
    const { room, speak: say } = await forgiven();
    await backstage.link.redis.del(keys.sanctions(idOf(room)));
    expect(await say()).toBe("said");
    await losePower(world, backstage, null);
    await eventually(async () => expect(await say()).toBe("said"));
    expect(await metaOf(backstage, idOf(room))).toMatchObject({ epoch: "2" });
  });
});
