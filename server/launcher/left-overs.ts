import { endEmbeddedPostgres } from "../embedded/postgres.ts";
import { endEmbeddedRedis } from "../embedded/redis.ts";
import { endChild } from "./start-child.ts";

/** Ends whatever a launcher that was killed left running with a data folder: writers first. */
export async function endLeftOvers(dataDir: string): Promise<void> {
  await Promise.all([endChild("gateway", dataDir), endChild("worker", dataDir)]);
  await Promise.all([endEmbeddedRedis(dataDir), endEmbeddedPostgres(dataDir)]);
}

/** Ends all that runs with a data folder without waiting for it to finish; the stores recover. */
export async function killAll(dataDir: string): Promise<void> {
  const kill = { signal: "SIGKILL", patienceMs: 1_000 } as const;
  // PostgreSQL's immediate shutdown; a kill would leave its backends to find out by themselves.
  const quit = { signal: "SIGQUIT", patienceMs: 3_000 } as const;
  await Promise.all([
    endChild("gateway", dataDir, kill),
    endChild("worker", dataDir, kill),
    endEmbeddedRedis(dataDir, kill),
    endEmbeddedPostgres(dataDir, quit),
  ]);
}
