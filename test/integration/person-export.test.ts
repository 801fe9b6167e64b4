import { afterAll, beforeAll, expect, test } from "@jest/globals";

import { type Backstage, idOf, openBackstage, untilStored } from "../guarantees/backstage.ts";
import { firstGateway, openWorld, type Person, say, type World } from "../support/world.ts";

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

async function exported(of: Person): Promise<{ kind: string; data: Record<string, unknown> }[]> {
  const answer = await fetch(`${firstGateway(world).url}/v1/me/export`, {
    headers: { Authorization: `Bearer ${of.token}` },
  });
  expect(answer.status).toBe(200);
  const text = await answer.text();
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { kind: string; data: Record<string, unknown> });
}

test("a person is given all that is kept about them, and nothing that others said", async () => {
  const [ada, bob] = await Promise.all([world.person("Ada"), world.person("Bob")]);
  const room = await bob.openRoom();
  const [adas, bobs] = await Promise.all([ada.connect(), bob.connect()]);
  // More than one page.
  for (let i = 0; i < 600; i += 1) await say(adas, room.id, `mine ${i}`);
  await ada.rest("PUT", `/contacts/${bob.user.id}`, { note: "from work" });
  await ada.rest("PATCH", "/me", { headline: "Writes notes" });
  const { seq } = await say(bobs, room.id, "somebody else's");
  await untilStored(backstage, idOf(room), seq, 20_000);
  const lines = await exported(ada);
  const said = lines.filter(({ kind }) => kind === "message").map(({ data }) => data["text"]);
  expect(said).toEqual(Array.from({ length: 600 }, (_, i) => `mine ${i}`));
  expect(lines).toContainEqual({
    kind: "profile",
    data: expect.objectContaining({ id: ada.user.id, headline: "Writes notes" }) as unknown,
  });
  expect(lines).toContainEqual({
    kind: "contact",
    data: expect.objectContaining({ contact_id: bob.user.id, note: "from work" }) as unknown,
  });
  expect(JSON.stringify(lines)).not.toContain("somebody else");
  expect((await fetch(`${firstGateway(world).url}/v1/me/export`)).status).toBe(401);
}, 60_000);
