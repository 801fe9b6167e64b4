import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import postgres from "postgres";

import { parseLog } from "../../bench/replay/parse-log.ts";
import { eventually } from "../support/eventually.ts";
import { type RunningProcess, startProcess } from "../support/processes.ts";
import { openTestStores, type TestStores } from "../support/stores.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const sample = path.join(root, "bench/sample/watercooler.txt");

let stores: TestStores;
let gateway: RunningProcess;
let worker: RunningProcess;
let folder: string;
let env: Record<string, string>;
beforeAll(async () => {
  stores = await openTestStores();
  folder = await mkdtemp(path.join(tmpdir(), "eddy-replay-"));
  env = { DATABASE_URL: stores.databaseUrl, REDIS_URL: stores.redisUrl };
  [gateway, worker] = await Promise.all([
    startProcess("server/main.ts", env),
    startProcess("workers/main.ts", env),
  ]);
});
afterAll(async () => {
  for (const running of [gateway, worker]) running.kill("SIGTERM");
  await Promise.all([gateway.exited, worker.exited]);
  await stores.close();
  await rm(folder, { recursive: true, force: true });
});

interface Ran {
  code: number | null;
  output: string;
}

/** Runs the tool as a person would. */
function replay(...args: string[]): { done: Promise<Ran>; output: () => string } {
  const child = spawn(process.execPath, ["--import", "tsx", "bench/replay/main.ts", ...args], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const done = new Promise<Ran>((resolve) => {
    child.once("close", (code) => resolve({ code, output }));
  });
  return { done, output: () => output };
}

const playInto = (room: string, file: string, speed: string) => {
  const record = path.join(folder, `${room}.record`);
  const run = replay(
    file,
    "--speed",
    speed,
    "--url",
    gateway.url,
    "--room",
    room,
    "--record",
    record,
  );
  return { ...run, record };
};

const prove = (record: string) => replay("--verify", record, "--database", stores.databaseUrl).done;

describe("a chat log, played through real sockets", () => {
  test("the sample arrives once and in order: live, over REST and in Postgres", async () => {
    const { done, record } = playInto("sample", sample, "max");
    expect(await done).toMatchObject({
      code: 0,
      output: expect.stringContaining("Played 20 lines of 5 people"),
    });
    const { code, output } = await prove(record);
    expect(output).toContain("Nothing is lost, doubled or out of order.");
    expect(code).toBe(0);
  });

  test("the proof finds a line that is lost, one that is changed, and two that changed places", async () => {
    const { done, record } = playInto("spoiled", sample, "max");
    await done;
    const sql = postgres(stores.databaseUrl, { max: 1, onnotice: () => {} });
    const ofRoom = sql`room_id = (SELECT id FROM rooms WHERE slug = 'spoiled')`;
    await sql`DELETE FROM facts WHERE ${ofRoom} AND seq = 3`;
    await sql`UPDATE facts SET text = 'something else' WHERE ${ofRoom} AND seq = 5`;
    await sql`UPDATE facts SET seq = 1000 WHERE ${ofRoom} AND seq = 7`;
    await sql.end();
    const { code, output } = await prove(record);
    expect(code).toBe(1);
    expect(output).toMatch(/line 3 is lost/u);
    expect(output).toMatch(/line 5 says something else/u);
    expect(output).toMatch(/line 7 is out of order/u);
  });

  test("1,500 lines at 50 times their speed, the gateway restarted twice and the worker killed: nothing is lost", async () => {
    const { done, record, output } = playInto("restarts", longLog(), "50");
    const sent = () =>
      existsSync(record) ? readFileSync(record, "utf8").split('{"sent"').length - 1 : 0;
    const after = (lines: number) =>
      eventually(() => expect(sent()).toBeGreaterThan(lines), { withinMs: 60_000 });
    const sameDoor = { ...env, PORT: new URL(gateway.url).port };
    await after(300);
    gateway.kill("SIGKILL");
    await gateway.exited;
    gateway = await startProcess("server/main.ts", sameDoor);
    await after(700);
    worker.kill("SIGKILL");
    await worker.exited;
    worker = await startProcess("workers/main.ts", env);
    await after(1_000);
    gateway.kill("SIGTERM");
    expect(await gateway.exited).toBe(0);
    gateway = await startProcess("server/main.ts", sameDoor);
    expect(await done).toMatchObject({
      code: 0,
      output: expect.stringContaining("Played 1500 lines"),
    });
    expect(output()).not.toContain("refuses");
    const proof = await prove(record);
    expect(proof.output).toContain("Nothing is lost, doubled or out of order.");
    expect(proof.code).toBe(0);
  }, 120_000);
});

/** A real log where there is one, else one that is made up: 1,500 lines within half an hour. */
function longLog(): string {
  const shared = path.join(root, "../shared/data/disentanglement/dev");
  const lines = existsSync(shared)
    ? readdirSync(shared)
        .slice(0, 2)
        .flatMap((name) => parseLog(readFileSync(path.join(shared, name), "utf8")).lines)
    : Array.from({ length: 1_500 }, (_, i) => ({ who: `p${(i * 7) % 23}`, text: `line ${i}` }));
  const file = path.join(folder, "long.jsonl");
  const rows = lines
    .slice(0, 1_500)
    .map(({ who, text }, i) => JSON.stringify({ time: Math.floor(i * 0.6), user: who, text }));
  writeFileSync(file, rows.join("\n"));
  return file;
}

describe("reading logs", () => {
  test("plain text and JSON lines, joins left out, control characters taken out, midnight passed", () => {
    const text = parseLog(
      "[23:59] <ada> late\n[00:01] <@grace> \u0002early\u0002\n00:02 * ada waves\n[00:03] -!- bob has joined\n",
    );
    expect(text).toEqual({
      lines: [
        { at: 86_340, who: "ada", text: "late" },
        { at: 86_460, who: "grace", text: "early" },
        { at: 86_520, who: "ada", text: "* ada waves" },
      ],
      skipped: 1,
      cleaned: 1,
    });
    const rows = [
      '{"time":60,"user":"a","text":"x","system":false}',
      '{"time":61,"user":"b","text":"joined","system":true}',
    ];
    expect(parseLog(rows.join("\n"))).toMatchObject({
      lines: [{ at: 60, who: "a", text: "x" }],
      skipped: 1,
    });
  });

  test("a line that is neither is named by its number", () => {
    expect(() => parseLog("[12:00] <a> fine\nwhat is this")).toThrow(/Line 2/u);
    expect(() => parseLog('{"time":1}')).toThrow(/Line 1 has no time, user and text/u);
  });
});
