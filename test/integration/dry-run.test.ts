import { afterAll, beforeAll, expect, test } from "@jest/globals";

import type { DryRun, FilterRule, Room } from "../../protocol/shapes.ts";
import { type Backstage, idOf, openBackstage, untilStored } from "../guarantees/backstage.ts";
import { eventually } from "../support/eventually.ts";
import { command, openWorld, type Person, say, type World } from "../support/world.ts";

let world: World;
let backstage: Backstage;
beforeAll(async () => {
  world = await openWorld();
  backstage = await openBackstage(world);
});
afterAll(async () => {
  await backstage.close();
  await world.close();
});

/** Tries a rule and waits for what it finds. */
async function tryRule(owner: Person, room: Room, rule: FilterRule, days = 7): Promise<DryRun> {
  const on = `/rooms/${room.id}/filters/dry-run`;
  const begun = await owner.rest<DryRun>("POST", on, { rule, days });
  expect(begun).toMatchObject({ status: 201, body: { rule, hits: 0 } });
  return eventually(
    async () => {
      const { body } = await owner.rest<DryRun>("GET", `${on}/${begun.body.id}`);
      expect(body.state).toBe("done");
      return body;
    },
    { withinMs: 30_000 },
  );
}

async function roomOfThree() {
  const [owner, ada, bob] = await Promise.all([
    world.person("Owner"),
    world.person("Ada"),
    world.person("Bob"),
  ]);
  const room = await owner.openRoom();
  const [owners, adas, bobs] = await Promise.all([owner.connect(), ada.connect(), bob.connect()]);
  return { owner, ada, bob, room, owners, adas, bobs };
}

test("a draft rule says how often it would have hit, whom, how many who lead the room, and where", async () => {
  const { owner, ada, room, owners, adas, bobs } = await roomOfThree();
  await say(adas, room.id, "b\u200Bad");
  await say(bobs, room.id, "good");
  await say(owners, room.id, "not bad");
  const { seq } = await say(adas, room.id, "bad again");
  await untilStored(backstage, idOf(room), seq);
  const found = await tryRule(owner, room, { name: "Manners", phrase: "bad", action: "hold" });
  expect(found).toMatchObject({ progress: 1, messages: 4, hits: 3, people: 2, moderators: 1 });
  expect(found.most[0]).toEqual({ user: ada.user.id, name: "Ada", hits: 2 });
  expect(found.samples.map(({ text }) => text)).toEqual(["b\u200Bad", "not bad", "bad again"]);
  const exempt = { name: "Manners", phrase: "bad", exempt: ["owner" as const] };
  expect(await tryRule(owner, room, exempt)).toMatchObject({ hits: 2, moderators: 0 });
});

test("a rule about repeated text is tried in the order and at the times of what was said", async () => {
  const { owner, room, adas, bobs } = await roomOfThree();
  await say(adas, room.id, "buy");
  await say(bobs, room.id, "buy");
  const { seq } = await say(adas, room.id, "BUY");
  await untilStored(backstage, idOf(room), seq);
  const found = await tryRule(owner, room, { name: "Flood", repeats: { times: 1, seconds: 60 } });
  expect(found).toMatchObject({ hits: 1, people: 1 });
});

test("[G19] what was removed after the run shows no text in its samples, and none is kept with it", async () => {
  const { owner, room, adas } = await roomOfThree();
  const { seq } = await say(adas, room.id, "bad secret");
  await untilStored(backstage, idOf(room), seq);
  const { id, samples } = await tryRule(owner, room, { name: "Manners", phrase: "bad" });
  expect(JSON.stringify(samples)).toContain("secret");
  await command(adas, "message:remove", { room: room.id, seq });
  const { body } = await owner.rest("GET", `/rooms/${room.id}/filters/dry-run/${id}`);
  expect(body).toMatchObject({ samples: [{ seq, removed: {} }] });
  expect(JSON.stringify(body)).not.toContain("secret");
  const rows = await backstage.sql`SELECT * FROM dry_runs WHERE id = ${id}`;
  expect(JSON.stringify(rows)).not.toContain("secret");
});

test("100,000 messages of the last days are tried within 5 s, older ones are left out", async () => {
  const { owner, ada, room } = await roomOfThree();
  await backstage.sql`
    INSERT INTO facts (room_id, seq, n, type, at, by_id, by_name, client_id, text)
    SELECT ${room.id}, i, i, 'message.sent', now() - interval '10 days' + interval '8 seconds' * i,
      ${ada.user.id}, 'Ada', gen_random_uuid(),
      'line ' || i || CASE WHEN i % 100 = 0 THEN ' is bad' ELSE ' of a talk that goes on' END
    FROM generate_series(1, 108000) AS i`;
  await backstage.sql`
    UPDATE facts SET at = at - interval '30 days' WHERE room_id = ${room.id} AND n <= 8000`;
  const found = await tryRule(owner, room, { name: "Manners", phrase: "bad" }, 30);
  expect(found).toMatchObject({ messages: 100_000, hits: 1_000 });
  const took = Date.parse(found.finishedAt ?? "") - Date.parse(found.createdAt);
  expect(took).toBeLessThan(5_000);
});

test("only those who lead a room try rules, and only rules that can be used", async () => {
  const { owner, ada, room } = await roomOfThree();
  const on = `/rooms/${room.id}/filters/dry-run`;
  const rule = { name: "Manners", phrase: "bad" };
  expect((await ada.rest("POST", on, { rule })).status).toBe(403);
  const broken = await owner.rest("POST", on, { rule: { name: "Broken", regex: "(a" } });
  expect(broken).toMatchObject({ status: 400, body: { code: "invalid" } });
});
