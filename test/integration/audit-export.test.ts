import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { afterAll, beforeAll, expect, test } from "@jest/globals";

import type { AuditEntry, Room } from "../../protocol/shapes.ts";
import { firstGateway, openWorld, type Person, type World } from "../support/world.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

let world: World;
beforeAll(async () => {
  world = await openWorld({ worker: false });
});
afterAll(async () => {
  await world.close();
});

/** A room in which four things were done, one with a reason that is a formula to a spreadsheet. */
async function eventfulRoom() {
  const [owner, guest] = await Promise.all([world.person("Owner"), world.person("Guest")]);
  const room = await owner.openRoom();
  const on = `/rooms/${room.id}`;
  await owner.rest("PATCH", on, { title: "After" });
  await owner.rest("PUT", `${on}/members/${guest.user.id}`, { role: "moderator" });
  await owner.rest("PUT", `${on}/members/${guest.user.id}`, { role: "guest" });
  await owner.rest("POST", `${on}/sanctions`, {
    user: guest.user.id,
    kind: "mute",
    seconds: 600,
    reason: '=HYPERLINK("http://evil.example","x")',
  });
  return { owner, guest, room };
}

async function exported(by: Person, room: Room, query = ""): Promise<Response> {
  return fetch(`${firstGateway(world).url}/v1/rooms/${room.id}/audit/export${query}`, {
    headers: { Authorization: `Bearer ${by.token}` },
  });
}

async function linesOf(
  by: Person,
  room: Room,
  query = "",
): Promise<(AuditEntry & { n: number })[]> {
  const text = await (await exported(by, room, query)).text();
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as AuditEntry & { n: number });
}

test("a room's audit log is exported whole, or what fits a filter, for moderators only", async () => {
  const { owner, guest, room } = await eventfulRoom();
  const all = await linesOf(owner, room);
  expect(all.map(({ n }) => n)).toEqual([4, 3, 2, 1]);
  expect(await linesOf(owner, room, "?action=member.role")).toHaveLength(2);
  expect(await linesOf(owner, room, `?actor=${guest.user.id}`)).toEqual([]);
  expect(
    await linesOf(owner, room, `?target=${guest.user.id}&until=2000-01-01T00:00:00.000Z`),
  ).toEqual([]);
  expect(await linesOf(owner, room, "?rule=Manners")).toEqual([]);
  expect((await exported(owner, room, "?nonsense=1")).status).toBe(400);
  expect((await exported(guest, room)).status).toBe(403);
  expect((await guest.rest("GET", "/audit/export")).status).toBe(403);
});

test("in CSV every field is quoted, and no spreadsheet takes one for a formula", async () => {
  const { owner, room } = await eventfulRoom();
  const answer = await exported(owner, room, "?format=csv");
  expect(answer.headers.get("content-type")).toContain("text/csv");
  const [head, mute = ""] = (await answer.text()).split("\r\n");
  expect(head).toBe("n,id,at,actor,action,target,seq,rule,reason,before,after,hash");
  expect(mute).toContain(`"'=HYPERLINK(""http://evil.example"",""x"")"`);
  expect(mute).toMatch(/^"4","[^"]+"/u);
});

async function verdictOn(lines: unknown[]): Promise<string> {
  const home = await mkdtemp(path.join(tmpdir(), "eddy-audit-"));
  const file = path.join(home, "export.jsonl");
  try {
    await writeFile(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    const args = ["--import", "tsx", "db/audit-main.ts", "verify", "--file", file];
    const run = promisify(execFile)(process.execPath, args, { cwd: root });
    return await run.then(
      ({ stdout }) => stdout.trim(),
      ({ stderr }: { stderr: string }) => stderr.trim(),
    );
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

test("[security 13] an export is checked without Postgres: what was edited, taken out or put elsewhere in it is found", async () => {
  const { owner, room } = await eventfulRoom();
  const lines = await linesOf(owner, room);
  expect(await verdictOn(lines)).toBe("4 entries, 0 problems");
  const [fourth, third, second, first] = lines;
  const nicer = { ...fourth, reason: "nice" };
  expect(await verdictOn([nicer, third, second, first])).toContain("entry 4 was changed");
  expect(await verdictOn([fourth, second, first])).toContain("entry 3 is missing");
  const swapped = [fourth, { ...third, n: 2 }, { ...second, n: 3 }, first];
  expect(await verdictOn(swapped)).toContain("entry 2 was changed");
}, 60_000);
