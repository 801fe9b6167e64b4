import { once } from "node:events";
import path from "node:path";

import { migrateDatabase } from "../../db/postgres/migrate.ts";
import { bringPageUpToDate } from "./build-page.ts";
import { choosePort } from "./choose-port.ts";
import { lockDataDir } from "./data-dir-lock.ts";
import { keepRunning } from "./keep-running.ts";
import { endLeftOvers } from "./left-overs.ts";
import { openPostgres, openRedis, type Launch } from "./open-stores.ts";
import type { Plan } from "./plan.ts";
import { type Child, type ChildName, startChild } from "./start-child.ts";

/**
 * Starts all of Eddy, keeps it running until it is told to stop, and stops it in order: those who
 * write, then the stores. Resolves when all is stopped. Errors: what to do when it cannot start;
 * what was started is stopped all the same.
 */
export async function runEddy(
  plan: Plan,
  { say, signal }: { say: (line: string) => void; signal: AbortSignal },
): Promise<void> {
  const undo = [await lockDataDir(plan.dataDir)];
  const launch: Launch = { plan, say, signal, undo };
  try {
    await endLeftOvers(plan.dataDir);
    await buildPage(launch);
    const port = await choosePort(plan.port);
    signal.throwIfAborted();
    const [databaseUrl, redisUrl] = await both(openPostgres(launch), openRedis(launch));
    signal.throwIfAborted();
    say("Bringing the database up to date …");
    await migrate(databaseUrl, plan);
    signal.throwIfAborted();
    const several = plan.gateways > 1 ? `${plan.gateways} gateways` : "the gateway";
    say(`Starting ${several} and a worker …`);
    const env = { DATABASE_URL: databaseUrl, REDIS_URL: redisUrl };
    const run = (name: ChildName, more: Record<string, string>) =>
      keepRunningChild(launch, name, { ...env, ...more });
    const [gateway] = await both(run("gateway", { PORT: String(port) }), run("worker", {}));
    signal.throwIfAborted();
    say(`Data and logs are in ${shown(plan.dataDir)}.`);
    say(`Eddy is ready: open ${gateway.url}  (API: /docs; stop: Ctrl-C)`);
    await once(signal, "abort");
  } finally {
    await stopAll(launch);
  }
}

/** Without the page everything else still works: a machine that cannot build it is told so. */
async function buildPage({ say, signal }: Launch): Promise<void> {
  try {
    await bringPageUpToDate({ say, signal });
  } catch (error) {
    signal.throwIfAborted();
    say(`${error instanceof Error ? error.message : String(error)}: run npm run page to see why.`);
  }
}

function shown(folder: string): string {
  const near = path.relative("", folder);
  return near === "" || near.startsWith("..") ? folder : near;
}

/** Both, or the first error; but never before both have come to their end. */
async function both<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([first, second]);
  return Promise.all([first, second]);
}

async function migrate(databaseUrl: string, { databaseUrl: given }: Plan): Promise<void> {
  try {
    await migrateDatabase(databaseUrl);
  } catch (error) {
    const which = given === null ? "The database" : "The database in DATABASE_URL";
    throw new Error(`${which} cannot be brought up to date`, { cause: error });
  }
}

async function keepRunningChild(
  { plan, say, signal, undo }: Launch,
  name: ChildName,
  env: Record<string, string>,
): Promise<Child> {
  const { first, stop } = await keepRunning({
    name: `The ${name}`,
    start: () => startChild(name, { dataDir: plan.dataDir, env }),
    say,
    signal,
  });
  undo.push(stop);
  return first;
}

async function stopAll({ undo, say }: Launch): Promise<void> {
  for (const act of undo.toReversed()) {
    try {
      await act();
    } catch (error) {
      say(error instanceof Error ? error.message : String(error));
    }
  }
}
