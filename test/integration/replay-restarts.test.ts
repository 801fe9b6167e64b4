import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, expect, test } from "@jest/globals";

import { eventually } from "../support/eventually.ts";
import { type RunningProcess, startProcess } from "../support/processes.ts";
import { runReplay } from "../support/run-replay.ts";
import { openTestStores, type TestStores } from "../support/stores.ts";

/** Real logs, which are no part of the project. */
const REAL_LOGS = fileURLToPath(
  new URL("../../../shared/data/disentanglement/dev/", import.meta.url),
);
const LINES = 1_500;
const LINES_PER_MINUTE = 10;
/** 150 lines a second: two and a half hours in 10 s. */
const SPEED = 900;

let stores: TestStores;
let env: Record<string, string>;
let gateway: RunningProcess;
let worker: RunningProcess;
let folder: string;

beforeAll(async () => {
  stores = await openTestStores();
  folder = await mkdtemp(path.join(tmpdir(), "eddy-replay-"));
  env = { DATABASE_URL: stores.databaseUrl, REDIS_URL: stores.redisUrl };
  [gateway, worker] = await Promise.all([
    startProcess("server/main.ts", env),
    startProcess("workers/main.ts", env),
  ]);
}, 60_000);

afterAll(async () => {
  for (const running of [gateway, worker]) running.kill("SIGTERM");
  await Promise.all([gateway.exited, worker.exited]);
  await stores.close();
  await rm(folder, { recursive: true, force: true });
});

test("[G3] [G5] 1,500 lines, a gateway killed, a worker killed, a gateway restarted: nothing lost, doubled or out of order", async () => {
  const log = path.join(folder, "log.jsonl");
  await writeFile(log, (await linesOfALog()).map((row) => JSON.stringify(row)).join("\n"));
  const record = path.join(folder, "replay.record");
  const heard = async () => (await readFile(record, "utf8")).split('"kind":"seen"').length - 1;
  const untilHeard = (lines: number) =>
    eventually(async () => expect(await heard()).toBeGreaterThanOrEqual(lines), {
      withinMs: 60_000,
    });
  const to = ["--url", gateway.url, "--record", record];
  const replay = runReplay(log, "--speed", String(SPEED), ...to);

  await untilHeard(300);
  gateway.kill("SIGKILL");
  await gateway.exited;
  await startGatewayAgain();

  await untilHeard(700);
  worker.kill("SIGKILL");
  await worker.exited;
  worker = await startProcess("workers/main.ts", env);

  await untilHeard(1_000);
  gateway.kill("SIGTERM");
  expect(await gateway.exited).toBe(0);
  await startGatewayAgain();

  const played = await replay;
  expect(played.output).toMatch(/sent 1,500 · accepted 1,500 · stored 1,500 · heard live 1,500/u);
  expect(Number(/(\d+) connections lost/u.exec(played.output)?.[1])).toBeGreaterThan(2);
  expect(played.code).toBe(0);
  const proof = await runReplay("--verify", record, "--database", stores.databaseUrl);
  expect(proof.output).toContain("nothing lost, doubled or out of order");
  expect(proof.code).toBe(0);
}, 120_000);

/** At the same place, where its clients look for it. */
async function startGatewayAgain(): Promise<void> {
  const { port } = new URL(gateway.url);
  gateway = await startProcess("server/main.ts", { ...env, PORT: port });
}

interface LogRow {
  time: number;
  user: string;
  text: string;
}

/** What people really said where there are logs of it, at an even pace; else what nobody did. */
async function linesOfALog(): Promise<LogRow[]> {
  const lines = existsSync(REAL_LOGS) ? await realLines() : madeUpLines();
  return lines
    .slice(0, LINES)
    .map(({ user, text }, i) => ({ time: Math.floor(i / LINES_PER_MINUTE) * 60, user, text }));
}

async function realLines(): Promise<Omit<LogRow, "time">[]> {
  const files = (await readdir(REAL_LOGS)).toSorted().slice(0, 2);
  const logs = await Promise.all(files.map((file) => readFile(path.join(REAL_LOGS, file), "utf8")));
  return logs
    .flatMap((log) => log.trimEnd().split("\n"))
    .map((row) => JSON.parse(row) as LogRow & { system: boolean })
    .filter(({ system, text }) => !system && text.trim() !== "");
}

function madeUpLines(): Omit<LogRow, "time">[] {
  const random = seeded(20_261_123);
  const words = ["harbour", "boat", "pitch", "café", "deck", "investor", "🎉", "seed", "and", "no"];
  return Array.from({ length: LINES }, (_, i) => {
    const said = Array.from({ length: 1 + random(12) }, () => words[random(words.length)]);
    return { user: `guest-${random(60)}`, text: `${i}: ${said.join(" ")}` };
  });
}

/** Whole numbers below a bound, the same ones at every run. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
