import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import postgres, { type Sql } from "postgres";

import { showVerdict } from "../../bench/replay/show-verdict.ts";
import { verify } from "../../bench/replay/verify.ts";
import { type RunningProcess, startProcess } from "../support/processes.ts";
import { runReplay } from "../support/run-replay.ts";
import { openTestStores, type TestStores } from "../support/stores.ts";

const sample = fileURLToPath(new URL("../../bench/sample/watercooler.txt", import.meta.url));
const ALL_IS_WELL = "nothing lost, doubled or out of order";

let stores: TestStores;
let gateway: RunningProcess;
let worker: RunningProcess;
let sql: Sql;
let folder: string;

beforeAll(async () => {
  stores = await openTestStores();
  const env = { DATABASE_URL: stores.databaseUrl, REDIS_URL: stores.redisUrl };
  [gateway, worker] = await Promise.all([
    startProcess("server/main.ts", env),
    startProcess("workers/main.ts", env),
  ]);
  sql = postgres(stores.databaseUrl, { max: 1, onnotice: () => {} });
  folder = await mkdtemp(path.join(tmpdir(), "eddy-replay-"));
}, 60_000);

afterAll(async () => {
  for (const running of [gateway, worker]) running.kill("SIGTERM");
  await Promise.all([gateway.exited, worker.exited]);
  await sql.end({ timeout: 1 });
  await stores.close();
  await rm(folder, { recursive: true, force: true });
});

/** Plays the sample into a room and answers its record. */
async function playSample(room: string): Promise<string> {
  const record = path.join(folder, `${room}.record`);
  const to = ["--url", gateway.url, "--room", room, "--record", record];
  const run = await runReplay(sample, "--speed", "max", ...to);
  expect(run.output).toContain("sent 20 · accepted 20 · stored 20 · heard live 20");
  expect(run.code).toBe(0);
  return record;
}

/** Writes a record that differs from the true one. */
async function recordOf(name: string, rows: string[]): Promise<string> {
  const file = path.join(folder, `${name}.record`);
  await writeFile(file, `${rows.join("\n")}\n`);
  return file;
}

const isSeen = (row: string) => row.startsWith('{"kind":"seen"');

/** Gives a stored fact of a room another seq. */
const move = (room: string, from: number, to: number) =>
  sql`UPDATE facts SET seq = ${to} WHERE room_id = ${room} AND seq = ${from}`;

async function swap(room: string, one: number, other: number): Promise<void> {
  await move(room, one, 1_000);
  await move(room, other, one);
  await move(room, 1_000, other);
}

const prove = (record: string) => runReplay("--verify", record, "--database", stores.databaseUrl);

describe("a replay", () => {
  test("[G5] the sample arrives once and in order: live, over REST and in Postgres", async () => {
    const { code, output } = await prove(await playSample("sample"));
    expect(output).toContain(ALL_IS_WELL);
    for (const view of ["live view", "REST /events", "REST /messages", "PostgreSQL"]) {
      expect(output).toMatch(
        new RegExp(`${view} +\\| +20 \\| +20 \\| +0 \\| +0 \\| +0 \\| +0 \\|`, "u"),
      );
    }
    expect(code).toBe(0);
  }, 60_000);

  test("is proved without the database too, and says how to look into that", async () => {
    const { code, output } = await runReplay("--verify", await playSample("no-database"));
    expect(output).toContain(ALL_IS_WELL);
    expect(output).toContain("name it with --database");
    expect(code).toBe(0);
  }, 60_000);

  test("into a room that has a past is proved by itself", async () => {
    await playSample("twice");
    const { code, output } = await prove(await playSample("twice"));
    expect(output).toContain(ALL_IS_WELL);
    expect(code).toBe(0);
  }, 60_000);
});

describe("a verification notices", () => {
  let rows: string[];
  let room: string;
  beforeAll(async () => {
    rows = (await readFile(await playSample("mutants"), "utf8")).trimEnd().split("\n");
    ({ room } = JSON.parse(rows[0] ?? "") as { room: string });
  }, 60_000);

  test("a fact that is missing in Postgres", async () => {
    const [taken] = await sql`DELETE FROM facts WHERE room_id = ${room} AND seq = 7 RETURNING *`;
    const { code, output } = await prove(await recordOf("deleted", rows));
    expect(output).toMatch(/PostgreSQL, lost: line 7 \(seq 7\)/u);
    expect(output).not.toContain(ALL_IS_WELL);
    expect(code).toBe(1);
    await sql`INSERT INTO facts ${sql(taken as Record<string, never>)}`;
    expect((await prove(await recordOf("put-back", rows))).code).toBe(0);
  }, 60_000);

  test("two facts that changed places in Postgres", async () => {
    await swap(room, 11, 12);
    const { code, output } = await prove(await recordOf("swapped", rows));
    expect(output).toContain("PostgreSQL, out of order: line 11 stands behind line 12");
    expect(code).toBe(1);
    await swap(room, 11, 12);
  }, 60_000);

  test("words that changed in Postgres", async () => {
    const put = (text: string) =>
      sql`UPDATE facts SET text = ${text} WHERE room_id = ${room} AND seq = 5 RETURNING text`;
    const [before] = await sql`SELECT text FROM facts WHERE room_id = ${room} AND seq = 5`;
    await put("something else");
    const { code, output } = await prove(await recordOf("changed", rows));
    expect(output).toContain('PostgreSQL, changed: line 5 says "something else" instead of');
    expect(code).toBe(1);
    await put(String(before?.["text"]));
  }, 60_000);

  test.each([
    ["lost", (list: string[], at: number) => list.toSpliced(at, 1)],
    ["doubled", (list: string[], at: number) => list.toSpliced(at, 0, list[at] ?? "")],
    [
      "out of order",
      (list: string[], at: number) => list.toSpliced(at, 2, list[at + 1] ?? "", list[at] ?? ""),
    ],
    [
      "changed",
      (list: string[], at: number) =>
        list.toSpliced(at, 0, (list[at] ?? "").replace(/"clientId":"[^"]*"/u, '"clientId":"x"')),
    ],
  ])("a message that is %s in the live view", async (what, spoil) => {
    // The listener's rows in front, so that one that is next to another is so in its view too.
    const [head = "", ...others] = rows;
    const ordered = [head, ...others.filter(isSeen), ...others.filter((row) => !isSeen(row))];
    const file = await recordOf(`live-${what}`, spoil(ordered, 4));
    const verdict = await verify(file, { url: undefined, databaseUrl: undefined });
    expect(showVerdict(verdict)).toContain(`live view, ${what}: `);
    expect(verdict.holds).toBe(false);
  });

  test("a replay that did not get to its end", async () => {
    const { code, output } = await prove(await recordOf("cut", rows.slice(0, -1)));
    expect(output).toContain("The replay did not get to its end");
    expect(code).toBe(1);
  }, 60_000);
});

describe("a replay that cannot be says why", () => {
  test.each([
    ["no server", () => [sample, "--url", "http://localhost:9"], "Does Eddy run there?"],
    ["no file", () => ["nothing-there.txt"], "nothing-there.txt"],
    ["no log", () => [path.join(folder, "odd.txt")], "Line 2 is neither"],
    ["no speed", () => [sample, "--speed", "fast"], "--speed takes a number above 0, or max"],
    ["no option", () => [sample, "--quick"], "--quick"],
    ["no record", () => ["--verify", sample], "is no record of a replay"],
  ])(
    "%s",
    async (_, args, message) => {
      await writeFile(path.join(folder, "odd.txt"), "12:00 <ada> hi\nwhat is this\n");
      const { code, output } = await runReplay(...args());
      expect(output).toContain(message);
      expect(output).not.toMatch(/^ +at /mu);
      expect(code).toBe(2);
    },
    60_000,
  );

  test("the server lets nobody say so much", async () => {
    const limited = await startProcess("server/main.ts", {
      DATABASE_URL: stores.databaseUrl,
      REDIS_URL: stores.redisUrl,
      LIMITS: "on",
      LIMIT_GUESTS_PER_IP_PER_HOUR: "3",
    });
    const { code, output } = await runReplay(sample, "--url", limited.url, "--speed", "max");
    expect(output).toContain("rate_limited: start it with LIMITS=off");
    expect(code).toBe(2);
    limited.kill("SIGTERM");
    await limited.exited;
  }, 60_000);
});
