import { afterAll, beforeAll, expect, test } from "@jest/globals";

import { type Backstage, openBackstage } from "../guarantees/backstage.ts";
import { eventually } from "../support/eventually.ts";
import { type RunningProcess, startProcess } from "../support/processes.ts";
import { ask, connectSocket, openWorld, type Person, say, type World } from "../support/world.ts";

const SAID = "correct horse battery staple";
/** Throws where nobody catches it, when the process is sent SIGUSR2. */
const BUG = "data:text/javascript,process.on(%22SIGUSR2%22,()=>{BUG})";

let world: World;
let backstage: Backstage;
let ada: Person;
let processes: RunningProcess[] = [];
let env: Record<string, string>;
beforeAll(async () => {
  world = await openWorld({ worker: false });
  backstage = await openBackstage(world);
  ada = await world.person("Ada");
  env = { DATABASE_URL: world.stores.databaseUrl, REDIS_URL: world.stores.redisUrl };
});
afterAll(async () => {
  for (const one of processes) one.kill("SIGKILL");
  await Promise.all(processes.map(({ exited }) => exited));
  await backstage.close();
  await world.close();
});

async function start(
  entry: "server/main.ts" | "workers/main.ts",
  more: Record<string, string> = {},
): Promise<RunningProcess> {
  const started = await startProcess(entry, { ...env, ...more });
  processes = [...processes, started];
  return started;
}

test("[security 15] no log holds a token or what was said, whatever goes wrong", async () => {
  const verbose = { LOG_LEVEL: "trace" };
  const gateway = await start("server/main.ts", verbose);
  const socket = await connectSocket(gateway.url, ada.token);
  const { id: room } = await ada.openRoom();
  await say(socket, room, SAID);
  // Postgres refuses what workers store and what gateways read.
  await backstage.sql`ALTER TABLE facts RENAME TO facts_away`;
  await backstage.sql`ALTER TABLE users RENAME TO users_away`;
  const worker = await start("workers/main.ts", verbose);
  const asking = { Authorization: `Bearer ${ada.token}`, "Content-Type": "application/json" };
  await fetch(`${gateway.url}/v1/rooms/${room}/messages?q=${SAID}`, { headers: asking });
  await fetch(`${gateway.url}/v1/rooms/${room}/events?before=1`, { headers: asking });
  const broken = `{"text": "${SAID}`;
  await fetch(`${gateway.url}/v1/guests`, { method: "POST", headers: asking, body: broken });
  const name = JSON.stringify({ displayName: SAID });
  await fetch(`${gateway.url}/v1/guests`, { method: "POST", headers: asking, body: name });
  await ask(socket, "message:edit", { room, seq: 1, text: SAID });
  await ask(socket, "session:renew", { token: `${ada.token}x` });
  await backstage.sql`ALTER TABLE users_away RENAME TO users`;
  await eventually(() => {
    expect(gateway.output()).toMatch(/"level":50/u);
    expect(worker.output()).toMatch(/"level":50.*42P01/u);
  });
  await backstage.sql`ALTER TABLE facts_away RENAME TO facts`;
  for (const { output } of [gateway, worker]) {
    expect(output()).not.toContain(SAID);
    expect(output()).not.toContain("battery%20staple");
    // A token's three parts, each alone.
    for (const part of ada.token.split(".").slice(1)) expect(output()).not.toContain(part);
  }
  socket.disconnect();
});

test.each(["server/main.ts", "workers/main.ts"] as const)(
  "[security 16] a bug that nobody catches is logged, and %s stops as it should, with an exit code that says so",
  async (entry) => {
    for (const bug of ["throw new Error('a bug')", "void Promise.reject(new Error('a bug'))"]) {
      const code = encodeURIComponent(bug).replaceAll("'", "%27");
      const buggy = await start(entry, { NODE_OPTIONS: `--import=${BUG.replace("BUG", code)}` });
      buggy.kill("SIGUSR2");
      expect(await buggy.exited).toBe(1);
      expect(buggy.output()).toMatch(/"level":60.*a bug/u);
    }
  },
);
