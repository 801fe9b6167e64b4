import { afterAll, beforeAll, expect, test } from "@jest/globals";

import type { Room } from "../../protocol/shapes.ts";
import { eventually } from "../support/eventually.ts";
import { heardBy, noticesOf, onCase, queueOf } from "../support/review.ts";
import { ask, openWorld, type Person, type World } from "../support/world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld();
  await world.addGateway();
});
afterAll(() => world.close());

async function study(asking = true) {
  const [owner, guest] = (await Promise.all(
    ["Owner", "Guest"].map((name) => world.person(name)),
  )) as [Person, Person];
  const room = await owner.openRoom("Study", { visibility: "private" });
  if (asking) await owner.rest("PATCH", `/rooms/${room.id}`, { asking });
  return { owner, guest, room };
}

const door = (person: Person, room: Room, method: "GET" | "POST", body?: object) =>
  person.rest(
    method,
    `/rooms/${room.slug}/door`,
    body,
    world.gateways[1] === undefined ? {} : { gateway: world.gateways[1] },
  );

async function enters(person: Person, room: Room): Promise<string> {
  const socket = await person.connect(world.gateways[1]);
  const reply = await ask(socket, "room:enter", { room: room.id });
  return reply.ok ? "entered" : reply.error.code;
}

test("a private room that nobody may ask to join does not exist for strangers", async () => {
  const { guest, room } = await study(false);
  expect((await door(guest, room, "GET")).status).toBe(404);
  expect((await door(guest, room, "POST", { line: "hello?" })).status).toBe(404);
});

test("who asks waits in the queue once, is let in by a moderator on any gateway, and told", async () => {
  const { owner, guest, room } = await study();
  const [owners, guests] = await Promise.all([heardBy(owner), heardBy(guest, world.gateways[1])]);
  expect((await door(guest, room, "GET")).body).toMatchObject({ title: "Study", asked: false });
  expect(await enters(guest, room)).toBe("not_found");
  for (const line of ["May I?", "Please?"]) {
    expect((await door(guest, room, "POST", { line })).body).toMatchObject({ asked: true });
  }
  await eventually(() => expect(owners.cases).toMatchObject([{ kind: "join", change: "opened" }]));
  const queue = await queueOf(owner, room, "?kind=join");
  expect(queue).toMatchObject([{ author: { id: guest.user.id }, texts: [{ text: "May I?" }] }]);
  const { status } = await onCase(owner, room, queue[0]?.id ?? "", "resolve", {
    action: "approve",
  });
  expect(status).toBe(200);
  expect(await enters(guest, room)).toBe("entered");
  await eventually(() =>
    expect(guests.notices).toMatchObject([{ kind: "join.approved", room: room.id }]),
  );
  expect((await door(guest, room, "POST", {})).body.code).toBe("conflict");
});

test("who is refused is told why, stays out, and asks again another day", async () => {
  const { owner, guest, room } = await study();
  await door(guest, room, "POST", {});
  const [{ id } = { id: "" }] = await queueOf(owner, room);
  await onCase(owner, room, id, "resolve", { action: "refuse", note: "members only" });
  expect(await noticesOf(guest)).toMatchObject([{ kind: "join.refused", note: "members only" }]);
  expect(await enters(guest, room)).toBe("not_found");
  expect((await door(guest, room, "POST", {})).body.code).toBe("conflict");
});
