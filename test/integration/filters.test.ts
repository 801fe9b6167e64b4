import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { Socket } from "socket.io-client";
import { v7 as uuidv7 } from "uuid";

import type { CommandOutput } from "../../protocol/commands.ts";
import type { FilterRule, Room } from "../../protocol/shapes.ts";
import { type Backstage, openBackstage } from "../guarantees/backstage.ts";
import { eventually } from "../support/eventually.ts";
import { ask, openWorld, type Person, say, type World } from "../support/world.ts";

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

/** A room whose owner sets rules over one gateway, and a guest who speaks on the other. */
async function roomWith(rules: FilterRule[]) {
  const [owner, guest] = await Promise.all([world.person("Owner"), world.person("Guest")]);
  const room = await owner.openRoom();
  const socket = await guest.connect(world.gateways[1]);
  await say(socket, room.id, "before");
  expect((await setRules(owner, room, rules)).status).toBe(200);
  return { owner, guest, room, socket };
}

function setRules(owner: Person, room: Room, rules: unknown) {
  return owner.rest("PUT", `/rooms/${room.id}/filters`, { rules });
}

async function tryToSay(socket: Socket, room: Room, text: string, clientId = uuidv7()) {
  const reply = await ask(socket, "message:send", { room: room.id, clientId, text });
  return reply.ok ? "said" : `${reply.error.code}: ${reply.error.message}`;
}

async function audit(owner: Person, room: Room) {
  const { body } = await owner.rest<CommandOutput<"audit:list">>("GET", `/rooms/${room.id}/audit`);
  return body.items;
}

test("a rule is in force on the other gateway from the next message on, in any disguise, and for edits", async () => {
  const { room, socket } = await roomWith([{ name: "Manners", phrase: "bad" }]);
  expect(await tryToSay(socket, room, "b\u200Ba\u0301d")).toBe(
    `filtered: The room's rule "Manners" refused it.`,
  );
  const { seq } = await say(socket, room.id, "good");
  const edited = await ask(socket, "message:edit", { room: room.id, seq, text: "b\u0430d" });
  expect(edited).toMatchObject({ ok: false, error: { code: "filtered" } });
});

test("who said it is answered as before when they send again what was accepted before the rule", async () => {
  const { owner, room, socket } = await roomWith([]);
  const clientId = uuidv7();
  expect(await tryToSay(socket, room, "bad", clientId)).toBe("said");
  await setRules(owner, room, [{ name: "Manners", phrase: "bad" }]);
  expect(await tryToSay(socket, room, "bad", clientId)).toBe("said");
});

test("a rule that mutes refuses what it met and silences who said it, until its time", async () => {
  const { owner, guest, room, socket } = await roomWith([
    { name: "Manners", phrase: "bad", action: "mute", muteSeconds: 60 },
  ]);
  expect(await tryToSay(socket, room, "bad")).toMatch(/^filtered: .*mutes you until \d{4}-/u);
  expect(await tryToSay(socket, room, "sorry")).toMatch(/^muted: .*until .* Reason: .*Manners/u);
  const { body } = await owner.rest("GET", `/rooms/${room.id}/sanctions`);
  expect(body).toMatchObject({ items: [{ user: guest.user.id, kind: "mute" }] });
});

test("a rule that holds keeps what was said from everyone, and it alone, once however often it is sent", async () => {
  const { guest, room, socket } = await roomWith([
    { name: "Doubt", phrase: "bad", action: "hold" },
  ]);
  const clientId = uuidv7();
  for (let tries = 0; tries < 2; tries += 1) {
    expect(await tryToSay(socket, room, "bad", clientId)).toMatch(/^filtered: .*holds it back/u);
  }
  const rows = await backstage.sql`
    SELECT held, rule FROM cases WHERE room_id = ${room.id} AND author_id = ${guest.user.id}`;
  expect(rows).toEqual([{ held: { text: "bad" }, rule: "Doubt" }]);
});

test("a rule that calls the moderators, and one on trial, let it pass and are counted", async () => {
  const { owner, guest, room, socket } = await roomWith([
    { name: "Look", phrase: "bad", action: "alert" },
    { name: "Trial", regex: "b.d", shadow: true },
  ]);
  expect(await tryToSay(socket, room, "bad")).toBe("said");
  await eventually(async () => {
    const { body } = await owner.rest("GET", `/rooms/${room.id}/filters`);
    expect(body).toMatchObject({
      hits: [
        { rule: "Look", shadow: false, hits: 1 },
        { rule: "Trial", shadow: true, hits: 1 },
      ],
    });
  });
  const cases = await backstage.sql`SELECT seq, rule FROM cases WHERE room_id = ${room.id}`;
  expect(cases).toMatchObject([{ rule: "Look" }]);
  expect(await audit(owner, room)).toMatchObject([
    { action: "filter.alert", rule: "Look", target: guest.user.id, seq: Number(cases[0]?.["seq"]) },
    { action: "filters.set" },
  ]);
});

test("the same text over and over is stopped, and a send that is repeated is not the same text again", async () => {
  const { room, socket } = await roomWith([{ name: "Flood", repeats: { times: 2, seconds: 60 } }]);
  const clientId = uuidv7();
  expect(await tryToSay(socket, room, "buy", clientId)).toBe("said");
  expect(await tryToSay(socket, room, "buy", clientId)).toBe("said");
  expect(await tryToSay(socket, room, "BUY")).toBe("said");
  expect(await tryToSay(socket, room, "b\u200Buy")).toMatch(/^filtered/u);
  expect(await tryToSay(socket, room, "something else")).toBe("said");
});

test("owners may be exempt", async () => {
  const { owner, room } = await roomWith([{ name: "Manners", phrase: "bad", exempt: ["owner"] }]);
  expect(await tryToSay(await owner.connect(), room, "bad")).toBe("said");
});

test.each([
  [{ name: "Two", phrase: "a", regex: "b" }, "rules.0"],
  [{ name: "None" }, "rules.0"],
  [{ name: "No time", phrase: "a", action: "mute" }, "rules.0.muteSeconds"],
  [{ name: "Broken", regex: "(a" }, "rules.0.regex"],
  [{ name: "Slow", regex: "a{1,1000}" }, "rules.0.regex"],
  [{ name: "Both", links: { allow: [], deny: ["a.example"] } }, "rules.0.links"],
])("%j is refused, and it is said where", async (rule, path) => {
  const { owner, room } = await roomWith([]);
  const { status, body } = await setRules(owner, room, [rule]);
  expect([status, body.code, body.errors?.[0]?.path]).toEqual([400, "invalid", path]);
});
