import { afterAll, beforeAll, expect, test } from "@jest/globals";

import type { ErrorReply } from "../../protocol/errors.ts";
import type { Push } from "../../protocol/facts.ts";
import type { Sanction } from "../../protocol/shapes.ts";
import {
  type Backstage,
  idOf,
  keptLog,
  openBackstage,
  untilStored,
} from "../guarantees/backstage.ts";
import { eventually } from "../support/eventually.ts";
import { ask, command, openWorld, say, type World } from "../support/world.ts";

let world: World;
let backstage: Backstage;
beforeAll(async () => {
  world = await openWorld({ worker: false, env: { APPEAL: "https://example.com/appeal" } });
  backstage = await openBackstage(world);
});
afterAll(async () => {
  await backstage.close();
  await world.close();
});

/** A room with an owner and a guest in it. */
async function twoInARoom() {
  const [owner, guest] = await Promise.all([world.person("Owner"), world.person("Guest")]);
  const room = await owner.openRoom();
  const socket = await guest.connect();
  await command(socket, "room:enter", { room: room.id });
  const sanction = async (what: object) => {
    const on = `/rooms/${room.id}/sanctions`;
    const { status, body } = await owner.rest<Sanction>("POST", on, {
      user: guest.user.id,
      reason: "spam",
      ...what,
    });
    expect(status).toBe(201);
    return body;
  };
  return { owner, guest, room, socket, sanction };
}

test("whoever is banned learns what, why, by whom, until when, and how to appeal: when put out, and whenever refused", async () => {
  const { owner, guest, room, socket, sanction } = await twoInARoom();
  const closed = new Promise<Push<"room.closed">>((resolve) => {
    socket.once("room.closed", resolve);
  });
  const { until } = await sanction({ kind: "ban", seconds: 3_600 });
  const notice = {
    kind: "ban",
    scope: "room",
    reason: "spam",
    by: owner.user.id,
    until,
    appeal: "https://example.com/appeal",
  };
  expect(await closed).toEqual({ room: room.id, reason: "banned", until, sanction: notice });
  const reply = await ask(socket, "room:enter", { room: room.id });
  expect(reply).toMatchObject({ ok: false, error: { code: "banned", sanction: notice } });
  const rest = await guest.rest("GET", `/rooms/${room.id}/events`);
  expect(rest).toMatchObject({ status: 403, body: { code: "banned", sanction: notice } });
});

test("whoever is muted learns it with the message that is refused", async () => {
  const { room, socket, sanction } = await twoInARoom();
  const { until } = await sanction({ kind: "mute", seconds: 3_600 });
  const reply = await ask(socket, "message:send", {
    room: room.id,
    clientId: "0190a1b2-0000-4000-8000-000000000001",
    text: "hello",
  });
  const { error } = reply as { error: ErrorReply };
  expect(error).toMatchObject({ code: "muted", sanction: { kind: "mute", reason: "spam", until } });
});

test("[G8] a mute ends at its time with no worker alive, and later exactly one fact says so, however many workers tell", async () => {
  const { room, socket, sanction } = await twoInARoom();
  const mute = await sanction({ kind: "mute", seconds: 1 });
  const seq = await eventually(async () => (await say(socket, room.id, "again")).seq);
  const [row] = await backstage.sql`SELECT clock_timestamp() > ${mute.until ?? ""} AS "isOver"`;
  expect(row?.["isOver"]).toBe(true);
  const workers = [await world.addWorker(), await world.addWorker()];
  try {
    const ends = () =>
      keptLog(backstage, idOf(room)).then((log) =>
        log.filter(({ type }) => type === "member.unmuted"),
      );
    await eventually(async () => expect(await ends()).toHaveLength(1), { withinMs: 10_000 });
    const later = await say(socket, room.id, "still here");
    await eventually(async () => {
      const log = await keptLog(backstage, idOf(room));
      expect(log.at(-1)?.seq).toBe(later.seq);
    });
    const [end, ...others] = await ends();
    expect(others).toEqual([]);
    expect(end).toMatchObject({ user: mute.user, expiredAt: mute.until, by: { name: "Eddy" } });
    expect(end?.seq).toBeGreaterThan(seq);
  } finally {
    await workers[0]?.stop();
    await workers[1]?.stop();
    world.worker = null;
  }
});

test("[G8] what ran out lifts nothing: another ban stays in force, and no fact says that they may come back", async () => {
  const { owner, room, guest, socket, sanction } = await twoInARoom();
  const short = await sanction({ kind: "ban", seconds: 1 });
  await sanction({ kind: "ban" });
  const worker = await world.addWorker();
  try {
    await eventually(async () => {
      const [row] = await backstage.sql`
        SELECT expiry_noted FROM sanctions WHERE id = ${short.id} AND expiry_noted`;
      expect(row).toBeDefined();
    });
    expect(await ask(socket, "room:enter", { room: room.id })).toMatchObject({ ok: false });
    const { seq } = await say(await owner.connect(), room.id, "after it");
    await untilStored(backstage, idOf(room), seq);
    const log = await keptLog(backstage, idOf(room));
    expect(log.map(({ type }) => type)).not.toContain("member.unbanned");
    expect((await guest.rest("GET", `/rooms/${room.id}/events`)).status).toBe(403);
  } finally {
    await worker.stop();
    world.worker = null;
  }
});

test("of two owners who leave at once one stays, every time, and of one who leaves and one who steps down, too", async () => {
  for (let round = 0; round < 8; round += 1) {
    const { owner, guest, room } = await twoInARoom();
    const on = `/rooms/${room.id}`;
    await owner.rest("PUT", `${on}/members/${guest.user.id}`, { role: "owner" });
    const stepsDown = () => guest.rest("PUT", `${on}/members/${guest.user.id}`, { role: "member" });
    const leaves = () => guest.rest("DELETE", `${on}/membership`);
    const answers = await Promise.all([
      owner.rest("DELETE", `${on}/membership`),
      round % 2 === 0 ? leaves() : stepsDown(),
    ]);
    const refused = answers.filter(({ status }) => status === 403);
    expect(refused).toHaveLength(1);
    const owners = await backstage.sql`
      SELECT 1 FROM members WHERE room_id = ${room.id} AND role = 'owner'`;
    expect(owners).toHaveLength(1);
  }
});

test("whoever leaves a private room for good is out of it on every gateway, and may not know of it any more", async () => {
  const { owner, guest, room, socket } = await twoInARoom();
  await owner.rest("PATCH", `/rooms/${room.id}`, { visibility: "private" });
  const gateway = await world.addGateway();
  const elsewhere = await guest.connect(gateway);
  await command(elsewhere, "room:enter", { room: room.id });
  const closed = [socket, elsewhere].map(
    (one) => new Promise((resolve) => one.once("room.closed", resolve)),
  );
  expect((await guest.rest("DELETE", `/rooms/${room.id}/membership`)).status).toBe(204);
  for (const push of await Promise.all(closed)) expect(push).toMatchObject({ reason: "removed" });
  expect((await guest.rest("GET", `/rooms/${room.id}`)).status).toBe(404);
  expect((await guest.rest("GET", `/rooms/${room.id}`, undefined, { gateway })).status).toBe(404);
});
