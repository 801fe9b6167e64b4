import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";

import { afterAll, beforeAll, expect, test } from "@jest/globals";

import { createWorkerMetrics } from "../../workers/metrics.ts";
import { type Backstage, idOf, openBackstage, untilStored } from "../guarantees/backstage.ts";
import { eventually } from "../support/eventually.ts";
import { firstGateway, openWorld, say, type World } from "../support/world.ts";

const page = readFileSync(new URL("../../docs/OPERATIONS.md", import.meta.url), "utf8");

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

/** The block of OPERATIONS.md under the comment <!-- ci:NAME -->. */
function blockOf(name: string): string {
  const [, block] =
    new RegExp(`<!-- ci:${name} -->\\n+\`\`\`\\w+\\n(.*?)\`\`\``, "su").exec(page) ?? [];
  if (block === undefined) throw new Error(`OPERATIONS.md has no block ci:${name}`);
  return block;
}

async function runBlock(name: string): Promise<string> {
  const { host } = new URL(firstGateway(world).url);
  const script = blockOf(name).replaceAll("localhost:3000", host).replaceAll("curl ", "curl -sS ");
  const { stdout } = await promisify(execFile)("bash", ["-euo", "pipefail", "-c", script], {
    env: {
      PATH: process.env["PATH"],
      HOME: process.env["HOME"],
      DATABASE_URL: world.stores.databaseUrl,
      REDIS_URL: world.stores.redisUrl,
    },
  });
  return stdout;
}

test("every metric that OPERATIONS.md alerts on is there", async () => {
  const workers = await createWorkerMetrics().registry.metrics();
  const served = workers + (await runBlock("look"));
  expect(served).toContain('{"alive":true}');
  expect(served).toContain('{"ready":true,"reasons":[]}');
  const named = [...page.matchAll(/^\| `(eddy_\w+)`/gmu)].map(([, name = ""]) => name);
  expect(named.length).toBeGreaterThan(10);
  for (const name of named) expect(served).toContain(`# TYPE ${name} `);
});

test("the operator's command of OPERATIONS.md runs", async () => {
  expect(await runBlock("quarantine")).toContain("0 in quarantine");
});

test("[G7] after a restore as OPERATIONS.md says, no seq that was handed out since the backup is handed out again", async () => {
  const ada = await world.person("Ada");
  const room = await ada.openRoom();
  const socket = await ada.connect();
  const { seq } = await say(socket, room.id, "before");
  await untilStored(backstage, idOf(room), seq);
  await backstage.sql.unsafe(blockOf("after-restore"));
  await backstage.link.redis.flushall();
  const next = await eventually(() => say(socket, room.id, "after"));
  expect(next).toMatchObject({ epoch: 2 });
  expect(next.seq).toBeGreaterThan(10_000_000);
});
