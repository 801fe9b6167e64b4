import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { v7 as uuidv7 } from "uuid";

import { verifyAudit } from "../../db/postgres/audit.ts";
import { eraseEvidence } from "../../db/postgres/cases.ts";
import type { CommandOutput } from "../../protocol/commands.ts";
import type { Case } from "../../protocol/reports.ts";
import type { Message, Room } from "../../protocol/shapes.ts";
import { type Backstage, openBackstage } from "../guarantees/backstage.ts";
import { readerOf } from "../guarantees/reader.ts";
import { eventually } from "../support/eventually.ts";
import { heardBy, noticesOf, onCase, queueOf, report, said } from "../support/review.ts";
import { ask, HOST_SECRET, openWorld, type Person, say, type World } from "../support/world.ts";

let world: World;
let backstage: Backstage;
beforeAll(async () => {
  world = await openWorld({ env: { AUTH_JWT_SECRET: HOST_SECRET } });
  await world.addGateway();
  backstage = await openBackstage(world);
});
afterAll(async () => {
  await backstage.close();
  await world.close();
});

const DAY_MS = 86_400_000;

/** A room with an owner, a moderator, somebody who said something bad, and a few who read it. */
async function watercooler(readers = 1) {
  const [owner, moderator, troll, ...others] = await Promise.all(
    [
      "Owner",
      "Moderator",
      "Troll",
      ...Array.from({ length: readers }, (_, i) => `Reader ${i}`),
    ].map((name) => world.person(name)),
  );
  if (owner === undefined || moderator === undefined || troll === undefined) throw new Error();
  const room = await owner.openRoom();
  const { status } = await owner.rest("PUT", `/rooms/${room.id}/members/${moderator.user.id}`, {
    role: "moderator",
  });
  expect(status).toBe(200);
  const seq = await said(troll, room, "something bad");
  return { owner, moderator, troll, readers: others, reader: others[0] as Person, room, seq };
}

const textsOf = (queue: Case[]) => queue.map((one) => one.texts.map(({ text }) => text));
const inDays = (days: number) => new Date(Date.now() + days * DAY_MS).toISOString();

async function textOf(person: Person, room: Room, seq: number) {
  return (await person.rest<Message>("GET", `/rooms/${room.id}/messages/${seq}`)).body.text;
}

describe("reporting", () => {
  test("a message that ten people report at once over two gateways is one case with ten reporters", async () => {
    const { owner, room, seq, readers } = await watercooler(10);
    const answers = await Promise.all(
      readers.map((reader, i) => {
        const gateway = world.gateways[i % 2];
        return report(reader, room, seq, gateway === undefined ? {} : { gateway });
      }),
    );
    expect(answers.map(({ status }) => status)).toEqual(readers.map(() => 201));
    const queue = await queueOf(owner, room);
    expect(queue).toMatchObject([
      { kind: "message", seq, reporters: 10, categories: { spam: 10 } },
    ]);
    expect(new Set(answers.map(({ body }) => body.id))).toEqual(new Set([queue[0]?.id]));
  });

  test("who reports a message again counts once, as what they said last", async () => {
    const { owner, room, seq, reader } = await watercooler();
    await report(reader, room, seq, { category: "spam" });
    await report(reader, room, seq, { category: "hate", note: "look closer" });
    expect(await queueOf(owner, room)).toMatchObject([
      {
        reporters: 1,
        categories: { hate: 1 },
        reports: [{ category: "hate", note: "look closer" }],
      },
    ]);
  });

  test("what it said when it was reported stays with the case, whatever its author does, and goes in time", async () => {
    const { owner, troll, room, seq, readers } = await watercooler(2);
    const [first, second] = readers as [Person, Person];
    await report(first, room, seq);
    await troll.rest("PATCH", `/rooms/${room.id}/messages/${seq}`, { text: "something nice" });
    await report(second, room, seq);
    await troll.rest("DELETE", `/rooms/${room.id}/messages/${seq}`);
    expect(textsOf(await queueOf(owner, room))).toEqual([["something bad", "something nice"]]);
    const [{ id } = { id: "" }] = await queueOf(owner, room);
    await eventually(async () => {
      await onCase(owner, room, id, "resolve", { action: "dismiss" });
      expect(await queueOf(owner, room, "?state=resolved")).toHaveLength(1);
    });
    await eraseEvidence(backstage.sql, inDays(29));
    expect(textsOf(await queueOf(owner, room, "?state=resolved"))).toEqual([
      ["something bad", "something nice"],
    ]);
    await eraseEvidence(backstage.sql, inDays(31));
    expect(textsOf(await queueOf(owner, room, "?state=resolved"))).toEqual([[]]);
  });

  test("nobody reports themselves, what is not there, what was removed, or where they may not look", async () => {
    const { owner, troll, room, seq, reader } = await watercooler();
    expect((await report(troll, room, seq)).body.code).toBe("forbidden");
    expect((await report(reader, room, seq + 100)).body.code).toBe("not_found");
    await troll.rest("DELETE", `/rooms/${room.id}/messages/${seq}`);
    expect((await report(reader, room, seq)).body.code).toBe("not_found");
    await owner.rest("PATCH", `/rooms/${room.id}`, { visibility: "private" });
    expect((await report(reader, room, seq)).body.code).toBe("not_found");
  });

  test("reports are limited by the hour, over all gateways", async () => {
    const limits = { LIMITS: "on", LIMIT_REPORTS_PER_USER_PER_HOUR: "2" };
    const gateways = await Promise.all([world.addGateway(limits), world.addGateway(limits)]);
    const { room, seq, reader } = await watercooler();
    const statuses: number[] = [];
    for (const i of [0, 1, 0, 1]) {
      const gateway = gateways[i];
      const on = gateway === undefined ? {} : { gateway };
      statuses.push((await report(reader, room, seq, on)).status);
    }
    expect(statuses).toEqual([201, 201, 429, 429]);
  });

  test("moderators hear of a case on any gateway, but not whom it is about", async () => {
    const { owner, moderator, room, readers } = await watercooler(2);
    const seq = await said(moderator, room, "power");
    const [owners, moderators] = await Promise.all([
      heardBy(owner, world.gateways[1]),
      heardBy(moderator, world.gateways[1]),
    ]);
    const [first, second] = readers as [Person, Person];
    await report(first, room, seq);
    await report(second, room, seq);
    await eventually(() =>
      expect(owners.cases).toMatchObject([
        { room: room.id, change: "opened", kind: "message", waiting: 1 },
        { room: room.id, change: "reported", waiting: 1 },
      ]),
    );
    expect(moderators.cases).toEqual([]);
    expect(await queueOf(moderator, room)).toEqual([]);
    const [{ id } = { id: "" }] = await queueOf(owner, room);
    expect((await onCase(moderator, room, id, "claim")).status).not.toBe(200);
  });
});

test("a rule that calls the moderators opens the case that reports of the message join, with what it said", async () => {
  const { owner, room, troll, reader } = await watercooler();
  await owner.rest("PUT", `/rooms/${room.id}/filters`, {
    rules: [{ name: "Look", phrase: "boats", action: "alert" }],
  });
  const owners = await heardBy(owner, world.gateways[1]);
  const seq = await said(troll, room, "boats for sale");
  await eventually(() =>
    expect(owners.cases).toMatchObject([{ room: room.id, change: "opened", waiting: 1 }]),
  );
  await report(reader, room, seq);
  expect(await queueOf(owner, room)).toMatchObject([
    { seq, rule: "Look", reporters: 1, texts: [{ text: "boats for sale" }] },
  ]);
});

describe("the queue", () => {
  test("has the most urgent first, says why, and is read page by page without a hole", async () => {
    const { owner, troll, room, readers } = await watercooler(4);
    const seqs: number[] = [];
    for (const text of ["a", "b", "c"]) seqs.push(await said(troll, room, text));
    const [a = 0, b = 0, c = 0] = seqs;
    await report(readers[0] as Person, room, a, { category: "other" });
    await report(readers[0] as Person, room, b, { category: "violence" });
    for (const reader of readers) await report(reader, room, c, { category: "other" });
    const queue = await queueOf(owner, room);
    expect(queue.map(({ seq }) => seq)).toEqual([b, c, a]);
    expect(queue[0]?.priority).toEqual({
      points: 45,
      why: [
        { what: "reported as violence", points: 40 },
        { what: "one reporter", points: 5 },
      ],
    });
    const pages: (number | undefined)[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const query: string = cursor === "" ? "" : `&cursor=${cursor}`;
      const { body } = await owner.rest<CommandOutput<"report:list">>(
        "GET",
        `/rooms/${room.id}/reports?limit=1${query}`,
      );
      pages.push(...body.items.map(({ seq }) => seq));
      cursor = body.nextCursor;
    }
    expect(pages).toEqual([b, c, a]);
    expect((await queueOf(owner, room, "?category=violence")).map(({ seq }) => seq)).toEqual([b]);
    // Seven hours later, what waits since then goes before what is as bad as it and new.
    await backstage.sql`
      UPDATE cases SET opened_at = opened_at - interval '7 hours', due_at = due_at - interval '7 hours'
      WHERE room_id = ${room.id} AND seq = ${a}`;
    const later = await queueOf(owner, room);
    expect(later.map(({ seq }) => seq)).toEqual([a, b, c]);
    expect(later[0]?.priority.why.at(-1)).toEqual({ what: "waits for 420 minutes", points: 42 });
  });

  test("believes those whose reports were right before more than those whose were not", async () => {
    const { owner, troll, room, readers } = await watercooler(2);
    const [right, wrong] = readers as [Person, Person];
    for (const [reader, action] of [
      [right, "remove"],
      [wrong, "dismiss"],
    ] as const) {
      for (const text of ["x", "y"]) {
        const { body } = await report(reader, room, await said(troll, room, text));
        expect((await onCase(owner, room, body.id, "resolve", { action })).status).toBe(200);
      }
    }
    const [first, second] = [await said(troll, room, "p"), await said(troll, room, "q")];
    await report(wrong, room, first);
    await report(right, room, second);
    expect((await queueOf(owner, room)).map(({ seq }) => seq)).toEqual([second, first]);
  });

  test("is for moderators; that of all rooms is for platform administrators", async () => {
    const { owner, room, seq, reader } = await watercooler();
    await report(reader, room, seq);
    expect((await reader.rest("GET", `/rooms/${room.id}/reports`)).status).toBe(403);
    expect((await owner.rest("GET", "/reports")).status).toBe(403);
    const root = await world.administrator("Root");
    const { body } = await root.rest<CommandOutput<"report:queue">>("GET", "/reports?limit=200");
    expect(body.items.map((one) => one.room)).toContain(room.id);
  });

  test("of two moderators who claim a case at the same moment one has it, the other is told so", async () => {
    const { owner, moderator, room, seq, reader } = await watercooler();
    const { body } = await report(reader, room, seq);
    let claims: ReturnType<typeof onCase>[] = [];
    await backstage.sql.begin(async (tx) => {
      await tx`SELECT 1 FROM cases WHERE id = ${body.id} FOR UPDATE`;
      claims = [owner, moderator].map((person, i) =>
        onCase(person, room, body.id, "claim", {}, world.gateways[i]),
      );
      // Both are at the case, and neither gets on.
      await eventually(async () => {
        const waiting = await backstage.sql`
          SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
        expect(waiting).toHaveLength(2);
      });
    });
    const answers = await Promise.all(claims);
    const codes = answers.map(({ status, body: { code } }) => `${status} ${code ?? "claimed"}`);
    expect(codes.toSorted((a, b) => a.localeCompare(b))).toEqual(["200 claimed", "409 conflict"]);
  });

  test("of ten claims at once on two gateways one holds, until it is given back or over", async () => {
    const { owner, moderator, room, seq, reader } = await watercooler();
    const { body } = await report(reader, room, seq);
    const claims = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        onCase(i % 2 === 0 ? owner : moderator, room, body.id, "claim", {}, world.gateways[i % 2]),
      ),
    );
    const winner = claims.find(({ status }) => status === 200)?.body.claim?.by;
    for (const [i, { status, body: answer }] of claims.entries()) {
      const mine = (i % 2 === 0 ? owner : moderator).user.id === winner?.id;
      expect([status, answer.code]).toEqual(mine ? [200, undefined] : [409, "conflict"]);
    }
    const [holds, waits] = winner?.id === owner.user.id ? [owner, moderator] : [moderator, owner];
    expect(await queueOf(waits, room, "?claim=free")).toEqual([]);
    expect(await queueOf(holds, room, "?claim=mine")).toHaveLength(1);
    const refused = await onCase(waits, room, body.id, "resolve", { action: "dismiss" });
    expect(refused.body.code).toBe("conflict");
    await holds.rest("DELETE", `/rooms/${room.id}/reports/${body.id}/claim`);
    expect((await onCase(waits, room, body.id, "claim")).status).toBe(200);
    await backstage.sql`
      UPDATE cases SET claimed_at = claimed_at - interval '16 minutes' WHERE id = ${body.id}`;
    expect((await onCase(holds, room, body.id, "claim")).body.claim?.by.id).toBe(holds.user.id);
  });
});

describe("resolving", () => {
  test("a removal is one fact, every reporter is told once, and the audit chain says it", async () => {
    const { owner, room, seq, readers } = await watercooler(3);
    const heard = await Promise.all(readers.map((reader) => heardBy(reader, world.gateways[1])));
    const viewer = await readerOf(await owner.connect(), room.id);
    for (const reader of readers) await report(reader, room, seq);
    const [{ id } = { id: "" }] = await queueOf(owner, room);
    const { status, body } = await onCase(owner, room, id, "resolve", {
      action: "remove",
      note: "against the rules",
    });
    expect([status, body.resolution]).toMatchObject([
      200,
      { action: "remove", note: "against the rules" },
    ]);
    await eventually(() =>
      expect(viewer.facts.filter(({ type }) => type === "messages.removed")).toMatchObject([
        { targets: [[seq, seq]], reason: "against the rules" },
      ]),
    );
    expect(await textOf(owner, room, seq)).toBeUndefined();
    const told = { kind: "report.resolved", room: room.id, seq, outcome: "removed" };
    for (const [i, reader] of readers.entries()) {
      expect(await noticesOf(reader)).toMatchObject([told]);
      await eventually(() => expect(heard[i]?.notices).toMatchObject([told]));
    }
    const { body: audit } = await owner.rest<CommandOutput<"audit:list">>(
      "GET",
      `/rooms/${room.id}/audit`,
    );
    expect(audit.items.slice(0, 2)).toMatchObject([
      { action: "case.remove", reason: "against the rules", after: { case: id, reporters: 3 } },
      { action: "messages.removed" },
    ]);
    expect((await verifyAudit(backstage.store.sql)).problems).toEqual([]);
    const again = await onCase(owner, room, id, "resolve", { action: "dismiss" });
    expect(again.body.code).toBe("conflict");
  });

  test("a sanction takes the message and all of the last minutes with it", async () => {
    const { owner, troll, room, seq, reader } = await watercooler();
    const other = await said(reader, room, "innocent");
    const more = await said(troll, room, "and more");
    const { body } = await report(reader, room, seq, { category: "harassment" });
    const resolved = await onCase(owner, room, body.id, "resolve", {
      action: "sanction",
      note: "third time",
      sanction: { kind: "ban", seconds: 3_600, removeMessages: 5 },
      removeMessage: true,
    });
    expect(resolved.status).toBe(200);
    const texts = await Promise.all([seq, other, more].map((one) => textOf(owner, room, one)));
    expect(texts).toEqual([undefined, "innocent", undefined]);
    expect(
      await ask(await troll.connect(), "message:send", {
        room: room.id,
        clientId: uuidv7(),
        text: "again",
      }),
    ).toMatchObject({ ok: false, error: { code: "banned" } });
    expect(await noticesOf(reader)).toMatchObject([{ outcome: "sanctioned" }]);
  });

  test("moderators act on nobody of an equal or higher role, and only as the case allows", async () => {
    const { owner, moderator, room, reader } = await watercooler();
    const { body } = await report(reader, room, await said(owner, room, "I am the owner"));
    const removal = await onCase(moderator, room, body.id, "resolve", { action: "remove" });
    expect(removal.body.code).toBe("forbidden");
    const odd = await onCase(moderator, room, body.id, "resolve", { action: "approve" });
    expect(odd.body.code).toBe("invalid");
    const bare = await onCase(moderator, room, body.id, "resolve", { action: "sanction" });
    expect(bare.body.code).toBe("invalid");
    const dismissal = await onCase(moderator, room, body.id, "resolve", { action: "dismiss" });
    expect(dismissal.status).toBe(200);
    expect(await noticesOf(reader)).toMatchObject([{ outcome: "dismissed" }]);
  });

  test("a report after the decision is a case of its own", async () => {
    const { owner, room, seq, readers } = await watercooler(2);
    const [first, second] = readers as [Person, Person];
    const { body: one } = await report(first, room, seq);
    await onCase(owner, room, one.id, "resolve", { action: "dismiss" });
    const { body: two } = await report(second, room, seq);
    expect(two.id).not.toBe(one.id);
    expect(await noticesOf(second)).toEqual([]);
  });
});

/** A message that a rule holds back. */
async function holding() {
  const on = await watercooler();
  await on.owner.rest("PUT", `/rooms/${on.room.id}/filters`, {
    rules: [{ name: "Doubt", phrase: "maybe", action: "hold" }],
  });
  const [owners, trolls] = await Promise.all([
    heardBy(on.owner),
    heardBy(on.troll, world.gateways[1]),
  ]);
  const viewer = await readerOf(await on.reader.connect(), on.room.id);
  const clientId = uuidv7();
  const send = () =>
    ask(trolls.socket, "message:send", {
      room: on.room.id,
      clientId,
      text: "maybe",
      replyTo: on.seq,
    });
  expect(await send()).toMatchObject({ ok: false, error: { code: "filtered" } });
  await eventually(() =>
    expect(owners.cases).toMatchObject([{ change: "opened", kind: "held", waiting: 1 }]),
  );
  const [held] = await queueOf(on.owner, on.room, "?kind=held");
  expect(held).toMatchObject({ kind: "held", rule: "Doubt", texts: [{ text: "maybe" }] });
  return { ...on, viewer, trolls, clientId, send, id: held?.id ?? "" };
}

describe("what a rule holds back", () => {
  test("enters the log when it is approved, once, and whoever sends it again is told where it stands", async () => {
    const { owner, room, troll, trolls, viewer, clientId, seq, send, id } = await holding();
    const between = await say(trolls.socket, room.id, "between");
    expect((await onCase(owner, room, id, "resolve", { action: "approve" })).status).toBe(200);
    const mine = {
      type: "message.sent",
      clientId,
      text: "maybe",
      replyTo: seq,
      by: { id: troll.user.id },
    };
    await eventually(() => expect(viewer.facts.at(-1)).toMatchObject(mine));
    const at = viewer.facts.at(-1)?.seq ?? 0;
    expect(at).toBeGreaterThan(between.seq);
    expect(await send()).toMatchObject({ ok: true, seq: at, duplicate: true });
    await eventually(() =>
      expect(trolls.notices).toMatchObject([{ kind: "held.approved", clientId }]),
    );
    await eventually(async () =>
      expect(
        await backstage.sql`
        SELECT seq FROM facts WHERE room_id = ${room.id} AND client_id = ${clientId}`,
      ).toHaveLength(1),
    );
    expect(await textOf(owner, room, at)).toBe("maybe");
  });

  test("stays out when it is refused, and its author is told why", async () => {
    const { owner, room, troll, clientId, send, id } = await holding();
    await onCase(owner, room, id, "resolve", { action: "refuse", note: "off topic" });
    expect(await noticesOf(troll)).toMatchObject([
      { kind: "held.refused", clientId, note: "off topic" },
    ]);
    expect(await send()).toMatchObject({ ok: false, error: { code: "filtered" } });
  });

  test("[G8] is not said for someone who may not speak", async () => {
    const { owner, troll, room, id } = await holding();
    await owner.rest("POST", `/rooms/${room.id}/sanctions`, {
      user: troll.user.id,
      kind: "ban",
      reason: "enough",
    });
    const approval = await onCase(owner, room, id, "resolve", { action: "approve" });
    expect(approval.body.code).toBe("conflict");
  });
});
