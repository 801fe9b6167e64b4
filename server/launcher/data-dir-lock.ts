import { link, mkdir, rename, rm } from "node:fs/promises";
import path from "node:path";

import { readPidFile, writePidFile } from "../embedded/os-process.ts";

/**
 * Claims a data folder for this launcher, and answers how to let go of it. A claim that a killed
 * launcher left behind is taken over. Errors: when another launcher runs with it.
 */
export async function lockDataDir(dataDir: string): Promise<() => Promise<void>> {
  await mkdir(dataDir, { recursive: true });
  const claim = path.join(dataDir, "launcher.pid");
  const mine = `${claim}.${process.pid}`;
  const stale = `${mine}.stale`;
  writePidFile(mine, process.pid);
  try {
    for (;;) {
      // Only one of many can link: a claim is whole from the moment on that it is there.
      if (await succeeds(link(mine, claim))) return () => rm(claim, { force: true });
      await refuseWhenAlive(claim, dataDir);
      // Moved aside rather than removed: another launcher may have taken it over since we looked.
      if (!(await succeeds(rename(claim, stale)))) continue;
      if ((await readPidFile(stale)) !== null) await succeeds(link(stale, claim));
    }
  } finally {
    await rm(mine, { force: true });
    await rm(stale, { force: true });
  }
}

async function refuseWhenAlive(claim: string, dataDir: string): Promise<void> {
  const pid = await readPidFile(claim);
  if (pid === null) return;
  throw new Error(
    `Eddy already runs with the data in ${dataDir} (process ${pid}). Stop it, or give this one its own: DATA_DIR=.data-2 PORT=0 npm start`,
  );
}

async function succeeds(attempt: Promise<void>): Promise<boolean> {
  try {
    await attempt;
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" || code === "ENOENT") return false;
    throw error;
  }
}
