import { spawn } from "node:child_process";
import { chmod, chown, mkdir, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";

import { pgFreeEnvironment } from "./pg-free-environment.ts";
import type { PostgresHome } from "./postgres-home.ts";

/**
 * Makes PostgreSQL's data folder unless it is there: in a draft that is renamed when it is whole, so
 * that one whose making was interrupted is never used. Errors: what initdb said.
 */
export async function initializePostgres(
  { native, data, user }: PostgresHome,
  options: { password: string; onProgress: (line: string) => void },
): Promise<void> {
  if ((await stat(path.join(data, "PG_VERSION")).catch(() => null)) !== null) return;
  options.onProgress("Preparing the database …");
  const draft = `${data}.draft`;
  const passwordFile = `${draft}.password`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true, mode: 0o700 });
  await writeFile(passwordFile, options.password, { mode: 0o600 });
  // The umask may have taken away more than was meant.
  await chmod(draft, 0o700);
  if (user !== null) {
    await chown(draft, user.uid, user.gid);
    await chown(passwordFile, user.uid, user.gid);
  }
  try {
    await runToEnd(
      path.join(native, "bin", "initdb"),
      [
        `--pgdata=${draft}`,
        "--username=eddy",
        "--auth=scram-sha-256",
        `--pwfile=${passwordFile}`,
        "--encoding=UTF8",
        "--locale=C.UTF-8",
      ],
      user,
    );
  } finally {
    await rm(passwordFile, { force: true });
  }
  // An empty folder may stand there; renaming onto it would be refused by some systems.
  await rm(data, { recursive: true, force: true });
  await rename(draft, data);
}

async function runToEnd(file: string, args: string[], user: PostgresHome["user"]): Promise<void> {
  const child = spawn(file, args, {
    ...user,
    stdio: ["ignore", "ignore", "pipe"],
    cwd: "/",
    env: pgFreeEnvironment(),
  });
  let complaint = "";
  child.stderr.on("data", (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code !== 0) throw new Error(`${path.basename(file)} failed: ${complaint.trim()}`);
}
