import { lstat, mkdtemp, readlink, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { killAll } from "../../server/launcher/left-overs.ts";
import { endWithUs } from "./end-with-us.ts";

/** Makes a data folder that goes when the test run goes, with all that still runs with it. */
export async function makeDataDir(name: string): Promise<string> {
  const dataDir = await mkdtemp(path.join(tmpdir(), `eddy-${name}-`));
  endWithUs({ dataDir });
  return dataDir;
}

/** Ends what still runs with a data folder, and removes it with PostgreSQL's data where it is only linked. */
export async function removeDataDir(dataDir: string): Promise<void> {
  // A test that failed in the middle has not stopped it.
  await killAll(dataDir);
  const postgres = path.join(dataDir, "postgres");
  const found = await lstat(postgres).catch(() => null);
  if (found?.isSymbolicLink() === true) {
    await rm(await readlink(postgres), { recursive: true, force: true });
  }
  await rm(dataDir, { recursive: true, force: true });
}
