import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { v7 as uuidv7 } from "uuid";

import type { CommandOutput } from "../../protocol/commands.ts";
import type { Invite } from "../../protocol/people.ts";
import type { Room } from "../../protocol/shapes.ts";
import { eventually } from "../support/eventually.ts";
import { command, firstGateway, openWorld, type Person, type World } from "../support/world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

type Made = CommandOutput<"invite:create">;

async function scene(more: Record<string, unknown> = {}) {
  const [owner, guest] = await Promise.all([world.person("Owner"), world.person("Guest")]);
  const room = await owner.openRoom("Watercooler", { visibility: "private", ...more });
  return { owner, guest, room };
}

const make = (who: Person, room: Room, input: object = {}) =>
  who.rest<Made>("POST", `/rooms/${room.id}/invites`, input);
const accept = (who: Person, code: string, gateway = firstGateway(world)) =>
  who.rest<{ room: Room }>("POST", `/invites/${code}/accept`, {}, { gateway });
const page = async (path: string) => {
  const answer = await fetch(`${firstGateway(world).url}${path}`);
  return {
    status: answer.status,
    type: answer.headers.get("Content-Type"),
    text: await answer.text(),
  };
};

describe("an invitation", () => {
  test("lets someone into a private room, on every gateway, and its log says so", async () => {
    const { owner, guest, room } = await scene();
    const second = await world.addGateway();
    const path = `/rooms/${room.id}/messages`;
    const speak = () =>
      guest.rest("POST", path, { clientId: uuidv7(), text: "hello" }, { gateway: second });
    // The other gateway knows them as a stranger.
    expect((await speak()).status).toBe(404);
    const { status, body } = await make(owner, room);
    expect(status).toBe(201);
    expect(body.url.endsWith(`/i/${body.code}`)).toBe(true);
    expect((await accept(guest, body.code)).body.room.id).toBe(room.id);
    expect((await speak()).status).toBe(200);
    const { events } = await command(await guest.connect(), "room:history", { room: room.id });
    expect(events[0]).toMatchObject({ type: "member.role", user: guest.user.id, role: "guest" });
  });

  test("[security 11] of many who come at once, on two gateways, no more get in than may", async () => {
    const { owner, room } = await scene();
    const second = await world.addGateway();
    const crowd = await Promise.all(Array.from({ length: 24 }, (_, i) => world.person(`P${i}`)));
    const { body } = await make(owner, room, { maxUses: 5 });
    const answers = await Promise.all(
      crowd.flatMap((person) => [accept(person, body.code), accept(person, body.code, second)]),
    );
    const inside = new Set(
      crowd.filter((_, i) => answers[2 * i]?.status === 200 || answers[2 * i + 1]?.status === 200),
    );
    expect(inside.size).toBe(5);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 404]));
    const members = await owner.rest<{ items: unknown[] }>("GET", `/rooms/${room.id}/members`);
    expect(members.body.items).toHaveLength(6);
  });

  test("is taken from once by a person, and not by a member", async () => {
    const { owner, guest, room } = await scene();
    const { body } = await make(owner, room, { maxUses: 2 });
    for (const person of [guest, guest, owner]) {
      expect((await accept(person, body.code)).status).toBe(200);
    }
    const { body: list } = await owner.rest<{ items: Invite[] }>(
      "GET",
      `/rooms/${room.id}/invites`,
    );
    expect(list.items).toMatchObject([{ id: body.id, uses: 1, maxUses: 2 }]);
    expect(JSON.stringify(list)).not.toContain(body.code);
    const other = await world.person("Other");
    expect((await accept(other, body.code)).status).toBe(200);
    expect((await accept(guest, body.code)).status).toBe(200);
    expect((await accept(await world.person("Late"), body.code)).status).toBe(404);
  });

  test("is good no more when its time is up, when it was taken back, and when the room is archived", async () => {
    const { owner, guest, room } = await scene();
    const brief = (await make(owner, room, { expiresInSeconds: 1 })).body;
    await eventually(async () =>
      expect((await guest.rest("GET", `/invites/${brief.code}`)).status).toBe(404),
    );
    expect((await accept(guest, brief.code)).status).toBe(404);
    const revoked = (await make(owner, room)).body;
    const path = `/rooms/${room.id}/invites/${revoked.id}`;
    expect((await owner.rest("DELETE", path)).status).toBe(204);
    expect((await owner.rest("DELETE", path)).status).toBe(404);
    expect((await accept(guest, revoked.code)).status).toBe(404);
    const kept = (await make(owner, room)).body;
    await owner.rest("DELETE", `/rooms/${room.id}`);
    expect((await accept(guest, kept.code)).status).toBe(404);
    expect((await make(owner, room)).status).toBe(423);
    expect((await accept(guest, "q9Tn2JfWcE6uZ0rYb-5x_A")).status).toBe(404);
    expect((await accept(guest, "short")).status).toBe(400);
  });

  test("[G8] does not let in who is banned", async () => {
    const { owner, guest, room } = await scene({ visibility: "public" });
    const { body } = await make(owner, room);
    await owner.rest("POST", `/rooms/${room.id}/sanctions`, {
      user: guest.user.id,
      kind: "ban",
      reason: "spam",
    });
    expect((await accept(guest, body.code)).body.code).toBe("banned");
  });

  test("to a private room is made by its moderators; to a public one by anyone, who sees their own only", async () => {
    const { owner, guest, room } = await scene();
    await accept(guest, (await make(owner, room)).body.code);
    expect((await make(guest, room)).status).toBe(403);
    const open = await scene({ visibility: "public" });
    await make(open.owner, open.room);
    const mine = (await make(open.guest, open.room)).body;
    const listed = async (who: Person) =>
      (await who.rest<{ items: Invite[] }>("GET", `/rooms/${open.room.id}/invites`)).body.items;
    expect((await listed(open.guest)).map(({ id }) => id)).toEqual([mine.id]);
    expect(await listed(open.owner)).toHaveLength(2);
  });
});

describe("a shared link", () => {
  test("to an invitation says where it leads and how many are here, private or not", async () => {
    const { owner, room } = await scene({ title: "Tea & <talk>", topic: "Oolong" });
    await command(await owner.connect(), "room:enter", { room: room.id });
    const { body } = await make(owner, room);
    await eventually(async () => {
      const { status, text } = await page(`/i/${body.code}`);
      expect(status).toBe(200);
      expect(text).toContain('property="og:title" content="Tea &amp; &lt;talk&gt;"');
      expect(text).toContain("Oolong · One person is here now.");
    });
    const asked = await fetch(`${firstGateway(world).url}/v1/invites/${body.code}`);
    expect(await asked.json()).toMatchObject({ room: { id: room.id }, by: { name: "Owner" } });
  });

  test("[security 10] says nothing of a private room to who has no invitation, or one that is good no more", async () => {
    const { owner, room } = await scene({ title: "Hush-hush", topic: "Secret tea" });
    const { body } = await make(owner, room);
    await owner.rest("DELETE", `/rooms/${room.id}/invites/${body.id}`);
    for (const path of [`/r/${room.slug}`, `/r/${room.id}`, `/i/${body.code}`, "/i/x"]) {
      const { status, text } = await page(path);
      expect([path, status]).toEqual([path, 200]);
      expect(text).not.toMatch(/hush|Secret/iu);
      expect(text).toContain('property="og:title" content="Eddy"');
    }
  });

  test("has a QR code that holds the link", async () => {
    const { room } = await scene({ visibility: "public" });
    for (const path of [`/r/${room.slug}`, "/i/q9Tn2JfWcE6uZ0rYb-5x_A"]) {
      const { status, type, text } = await page(`${path}/qr.svg`);
      expect([status, type]).toEqual([200, "image/svg+xml; charset=utf-8"]);
      expect(text).toMatch(/^<svg /u);
    }
    expect((await page("/i/x/qr.svg")).status).toBe(404);
  });
});
