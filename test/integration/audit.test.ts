import { execFile } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";

import { verifyAudit } from "../../db/postgres/audit.ts";
import type { CommandOutput } from "../../protocol/commands.ts";
import type { Room, Sanction } from "../../protocol/shapes.ts";
import { type Backstage, openBackstage } from "../guarantees/backstage.ts";
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

async function entriesOf(owner: Person, room: Room, query = "") {
  const answer = await owner.rest<CommandOutput<"audit:list">>(
    "GET",
    `/rooms/${room.id}/audit${query}`,
  );
  expect(answer.status).toBe(200);
  return answer.body;
}

/** A room in which something of every kind was done. */
async function eventfulRoom() {
  const [owner, guest] = await Promise.all([world.person("Owner"), world.person("Guest")]);
  const room = await owner.openRoom("Before");
  const [ownerSocket, guestSocket] = await Promise.all([owner.connect(), guest.connect()]);
  const on = `/rooms/${room.id}`;
  const first = await say(guestSocket, room.id, "mine");
  const second = await say(guestSocket, room.id, "rude");
  await command(guestSocket, "message:remove", { room: room.id, seq: first.seq });
  await command(ownerSocket, "message:remove", { room: room.id, seq: second.seq, reason: "rude" });
  await owner.rest("PATCH", on, { title: "After" });
  await owner.rest("PUT", `${on}/members/${guest.user.id}`, { role: "moderator" });
  await owner.rest("PUT", `${on}/members/${guest.user.id}`, { role: "guest" });
  const sanction = { user: guest.user.id, kind: "mute", reason: "spam", seconds: 60 };
  const { body } = await owner.rest<Sanction>("POST", `${on}/sanctions`, sanction);
  await owner.rest("DELETE", `${on}/sanctions/${body.id}`, { reason: "a mistake" });
  await eventually(async () => {
    const { items } = await entriesOf(owner, room);
    expect(items).toHaveLength(7);
    for (const { seq } of items) expect(seq).toBeDefined();
  });
  return { owner, guest, room, removed: [first.seq, second.seq] };
}

describe("the audit log", () => {
  test("says of every act who did what to whom, at which seq, why, and what it was before", async () => {
    const { owner, guest, room, removed } = await eventfulRoom();
    const { items } = await entriesOf(owner, room);
    const target = guest.user.id;
    const byOwner = { actor: { id: owner.user.id, name: "Owner" } };
    const has = (entry: object) => expect(items).toContainEqual(expect.objectContaining(entry));
    has({
      actor: { id: target, name: "Guest" },
      action: "message.removed",
      target,
      after: { message: removed[0] },
    });
    has({ ...byOwner, action: "message.removed", target, reason: "rude" });
    has({
      ...byOwner,
      action: "room.updated",
      before: { title: "Before" },
      after: { title: "After" },
    });
    has({ ...byOwner, action: "member.role", target, after: { role: "moderator" } });
    has({ action: "member.role", before: { role: "moderator" }, after: { role: "guest" } });
    has({ ...byOwner, action: "member.muted", target, reason: "spam" });
    has({ ...byOwner, action: "member.unmuted", target, reason: "a mistake" });
    expect(JSON.stringify(items)).not.toContain("mine");
  });

  test("is read page by page, and by actor, target and action", async () => {
    const { owner, guest, room } = await eventfulRoom();
    const seen: string[] = [];
    for (let query = "?limit=3"; ;) {
      const { items, nextCursor } = await entriesOf(owner, room, query);
      seen.push(...items.map(({ id }) => id));
      if (nextCursor === null) break;
      query = `?limit=3&cursor=${nextCursor}`;
    }
    expect(seen).toEqual((await entriesOf(owner, room)).items.map(({ id }) => id));
    const count = async (query: string) => (await entriesOf(owner, room, query)).items.length;
    expect(await count(`?actor=${guest.user.id}`)).toBe(1);
    expect(await count(`?target=${guest.user.id}`)).toBe(6);
    expect(await count("?action=member.role")).toBe(2);
    expect(await count("?since=2100-01-01T00:00:00.000Z")).toBe(0);
  });

  test("is for moderators only", async () => {
    const { guest, room } = await eventfulRoom();
    expect((await guest.rest("GET", `/rooms/${room.id}/audit`)).status).toBe(403);
  });
});

/** Does something to a room's chain that Eddy itself cannot do; answers what the verifier says of that chain. */
async function tamper({ id }: Room, statement: string): Promise<string[]> {
  const behindTheTrigger = (statements: string) =>
    backstage.sql.begin(async (tx) => {
      await tx.unsafe(`SET LOCAL session_replication_role = replica; ${statements}`);
    });
  await behindTheTrigger(statement);
  const { problems } = await verifyAudit(backstage.store.sql);
  // The other tests' chains are sound.
  await behindTheTrigger(`
    DELETE FROM audit WHERE chain = '${id}'; DELETE FROM audit_chains WHERE chain = '${id}'`);
  expect(problems.every(({ chain }) => chain === id)).toBe(true);
  return problems.map(({ n, message }) => `${n} ${message}`);
}

describe("[security 13] the verifier", () => {
  const cases: [string, (chain: string) => string, string[]][] = [
    ["nothing", () => "SELECT 1", []],
    [
      "an edit",
      (chain) => `UPDATE audit SET reason = 'nice' WHERE chain = '${chain}' AND n = 3`,
      ["3 was changed, or is not in its place"],
    ],
    [
      "an edit of what it was before",
      (chain) => `UPDATE audit SET after = '{"role": "owner"}' WHERE chain = '${chain}' AND n = 4`,
      ["4 was changed, or is not in its place"],
    ],
    [
      "an edit of what was sealed, with a seal that fits",
      (chain) =>
        `UPDATE audit SET reason = NULL, before = NULL, after = NULL, salt = NULL, seals = '[null, null, null]'
         WHERE chain = '${chain}' AND n = 3`,
      ["3 was changed, or is not in its place"],
    ],
    [
      "a delete",
      (chain) => `DELETE FROM audit WHERE chain = '${chain}' AND n = 2`,
      ["2 is missing"],
    ],
    [
      "a delete at the end",
      (chain) => `DELETE FROM audit WHERE chain = '${chain}' AND n = 7`,
      ["7 is missing, and all after it"],
    ],
    [
      "a delete that closes the gap",
      (chain) =>
        `DELETE FROM audit WHERE chain = '${chain}' AND n = 2;
         UPDATE audit SET n = 1 - n WHERE chain = '${chain}' AND n > 2;
         UPDATE audit SET n = -n WHERE chain = '${chain}' AND n < 0`,
      ["2 was changed, or is not in its place"],
    ],
    [
      "a reorder",
      (chain) =>
        `UPDATE audit SET n = CASE n WHEN 2 THEN -3 ELSE -2 END WHERE chain = '${chain}' AND n IN (2, 3);
         UPDATE audit SET n = -n WHERE chain = '${chain}' AND n < 0`,
      ["2 was changed, or is not in its place"],
    ],
    [
      "a whole chain that is gone",
      (chain) => `DELETE FROM audit WHERE chain = '${chain}'`,
      ["1 is missing, and all after it"],
    ],
    [
      "a chain whose end was noted anew",
      (chain) => `UPDATE audit_chains SET hash = 'x' WHERE chain = '${chain}'`,
      ["null ends in another hash than was noted"],
    ],
    [
      "a chain that nobody notes any more",
      (chain) => `DELETE FROM audit_chains WHERE chain = '${chain}'`,
      ["8 is missing, and all after it"],
    ],
  ];
  test.each(cases)("finds %s", async (_what, statement, problems) => {
    const { room } = await eventfulRoom();
    expect(await tamper(room, statement(room.id))).toEqual(problems);
  });

  test("Eddy itself can only append", async () => {
    await eventfulRoom();
    for (const statement of ["UPDATE audit SET n = n", "DELETE FROM audit", "TRUNCATE audit"]) {
      await expect(backstage.sql.unsafe(statement)).rejects.toThrow("append-only");
    }
  });
});

const root = fileURLToPath(new URL("../..", import.meta.url));

async function audit(...args: string[]): Promise<string> {
  const tsx = path.join(root, "node_modules", "tsx", "dist", "cli.mjs");
  const env = { ...process.env, DATABASE_URL: world.stores.databaseUrl };
  const run = promisify(execFile);
  return (await run(process.execPath, [tsx, "db/audit-main.ts", ...args], { cwd: root, env }))
    .stdout;
}

describe("npm run audit", () => {
  test("verifies, and says how much", async () => {
    await eventfulRoom();
    expect(await audit("verify")).toMatch(/^\d+ entries of \d+ chains, 0 problems\n$/u);
  });

  test("fails, and says where, when something is wrong", async () => {
    const { room } = await eventfulRoom();
    await backstage.sql`UPDATE audit_chains SET hash = 'x' WHERE chain = ${room.id}`;
    const failed = await audit("verify").catch((error: unknown) => error);
    await backstage.sql`
      UPDATE audit_chains c SET hash = a.hash FROM audit a
      WHERE c.chain = ${room.id} AND a.chain = c.chain AND a.n = c.entries`;
    expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining(room.id) });
  });

  test("exports what the filter leaves, as JSON lines and as CSV", async () => {
    const { owner, room } = await eventfulRoom();
    const { items } = await entriesOf(owner, room, "?action=member.role");
    const lines = await audit("export", "--room", room.slug, "--action", "member.role");
    const parsed = lines
      .trim()
      .split("\n")
      .map((line): unknown => JSON.parse(line));
    expect(parsed).toEqual(items.map((item) => expect.objectContaining(item)));
    const csv = await audit("export", "--room", room.id, "--format", "csv");
    const [header, ...rows] = csv.trim().split("\n");
    expect(header?.trim()).toBe("n,id,at,actor,action,target,seq,rule,reason,before,after,hash");
    expect(rows).toHaveLength(7);
  });
});
