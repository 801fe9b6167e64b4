import { afterAll, beforeAll, expect, test } from "@jest/globals";

import { appendPending, notePending } from "../../db/pending-facts.ts";
import { ClientId } from "../../protocol/ids.ts";
import { sweep } from "../../workers/sweep.ts";
import { eventually } from "../support/eventually.ts";
import { noticesOf, onCase, queueOf, report, said } from "../support/review.ts";
import { openWorld, type Person, type World } from "../support/world.ts";
import { type Backstage, idOf, keptLog, openBackstage } from "./backstage.ts";
import { readerOf } from "./reader.ts";

let world: World;
let backstage: Backstage;
beforeAll(async () => {
  world = await openWorld({ worker: false });
  await world.addGateway();
  backstage = await openBackstage(world);
});
afterAll(async () => {
  await backstage.close();
  await world.close();
});

async function reportedMessage() {
  const [owner, troll, reader] = (await Promise.all(
    ["Owner", "Troll", "Reader"].map((name) => world.person(name)),
  )) as [Person, Person, Person];
  const room = await owner.openRoom();
  const seq = await said(troll, room, "bad");
  const { body } = await report(reader, room, seq);
  return { owner, troll, reader, room, seq, id: body.id };
}

const SANCTION = {
  action: "sanction",
  sanction: { kind: "ban", reason: "enough" },
  removeMessage: true,
};

test("[G20] of a decision that dies on its way nothing stands: no sanction, no note, no audit, nobody told", async () => {
  const { owner, reader, room, id } = await reportedMessage();
  // The last thing that the transaction writes fails.
  await backstage.sql.unsafe(
    `CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'power cut'; END $$;
     CREATE TRIGGER fail BEFORE INSERT ON notices FOR EACH STATEMENT EXECUTE FUNCTION fail()`,
  );
  try {
    expect((await onCase(owner, room, id, "resolve", SANCTION)).status).toBeGreaterThanOrEqual(500);
  } finally {
    await backstage.sql.unsafe("DROP TRIGGER fail ON notices; DROP FUNCTION fail");
  }
  const [left] = await backstage.sql`
    SELECT (SELECT count(*)::int FROM sanctions WHERE room_id = ${room.id}) AS sanctions,
      (SELECT count(*)::int FROM pending_facts WHERE room_id = ${room.id}) AS notes,
      (SELECT count(*)::int FROM removals WHERE room_id = ${room.id}) AS removals,
      (SELECT count(*)::int FROM audit WHERE chain = ${room.id}) AS deeds`;
  expect(left).toEqual({ sanctions: 0, notes: 0, removals: 0, deeds: 0 });
  expect(await queueOf(owner, room)).toHaveLength(1);
  expect(await noticesOf(reader)).toEqual([]);
  expect((await onCase(owner, room, id, "resolve", SANCTION)).status).toBe(200);
  expect(await noticesOf(reader)).toHaveLength(1);
});

test("[G20] two moderators who decide at once on two gateways: one decision, one fact, each reporter told once", async () => {
  const { owner, reader, room, seq, id } = await reportedMessage();
  const moderator = await world.person("Moderator");
  await owner.rest("PUT", `/rooms/${room.id}/members/${moderator.user.id}`, { role: "moderator" });
  const answers = await Promise.all(
    [owner, moderator].map((person, i) =>
      onCase(person, room, id, "resolve", { action: "remove" }, world.gateways[i]),
    ),
  );
  expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409]);
  expect(await noticesOf(reader)).toHaveLength(1);
  await eventually(async () => {
    await sweep(backstage.worker(), () => false);
    const facts = await keptLog(backstage, idOf(room));
    expect(facts.filter(({ type }) => type === "messages.removed")).toMatchObject([
      { targets: [[seq, seq]] },
    ]);
  });
});

test("[G8] a held message whose author is banned between its approval and the log stays out of it", async () => {
  const { owner, troll, room } = await reportedMessage();
  const viewer = await readerOf(await owner.connect(), room.id);
  const clientId = ClientId.parse(crypto.randomUUID());
  // The approval is committed, its fact is not yet appended; the ban is.
  await owner.rest("POST", `/rooms/${room.id}/sanctions`, {
    user: troll.user.id,
    kind: "ban",
    reason: "enough",
  });
  await backstage.store.sql.begin((tx) =>
    notePending(tx, {
      room: idOf(room),
      author: troll.user.id,
      draft: {
        type: "message.sent",
        at: new Date().toISOString(),
        by: { id: troll.user.id, name: "Troll" },
        clientId,
        text: "too late",
        mentions: [],
      },
      effects: [],
    }),
  );
  await appendPending(backstage.stores, idOf(room));
  await eventually(async () => {
    await sweep(backstage.worker(), () => false);
    expect(await backstage.sql`SELECT 1 FROM pending_facts WHERE room_id = ${room.id}`).toEqual([]);
  });
  expect(viewer.facts.some(({ type }) => type === "member.banned")).toBe(true);
  expect(
    (await keptLog(backstage, idOf(room))).filter(({ type }) => type === "message.sent"),
  ).toHaveLength(1);
});
