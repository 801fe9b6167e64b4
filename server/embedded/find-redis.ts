import { execFile } from "node:child_process";
import { access, constants, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * A redis-server to run: of this machine, or valkey-server, or installed with apt-get where that is
 * possible. Errors: one sentence that says what to do on this platform.
 */
export async function findRedisServer(onProgress: (line: string) => void): Promise<string> {
  const found = (await onPath("redis-server")) ?? (await onPath("valkey-server"));
  if (found !== null) return found;
  if (await canInstall()) {
    onProgress("No redis-server here: installing Debian's (apt-get install redis-server) …");
    await install();
    const installed = await onPath("redis-server");
    if (installed !== null) return installed;
  }
  throw new Error(
    `There is no redis-server on this machine. ${ADVICE[process.platform] ?? ELSEWHERE}`,
  );
}

const ELSEWHERE = "Set REDIS_URL to a Redis that runs somewhere, for example in a container.";

const ADVICE: Partial<Record<NodeJS.Platform, string>> = {
  linux: `Install it (Debian, Ubuntu: sudo apt-get install redis-server) and start again. ${ELSEWHERE}`,
  darwin: `Install it (brew install redis) and start again. ${ELSEWHERE}`,
  win32: `Redis does not run on Windows itself: use WSL. ${ELSEWHERE}`,
};

async function onPath(name: string): Promise<string | null> {
  const folders = [...(process.env["PATH"] ?? "").split(path.delimiter), "/usr/bin", "/usr/sbin"];
  for (const folder of folders.filter((entry) => entry !== "")) {
    const file = path.join(folder, name);
    try {
      await access(file, constants.X_OK);
      return file;
    } catch {
      // Not there; the next folder may have it.
    }
  }
  return null;
}

async function canInstall(): Promise<boolean> {
  return process.getuid?.() === 0 && (await onPath("apt-get")) !== null;
}

/** Says "do not start" to packages that start their service as they are installed. */
const POLICY = "/usr/sbin/policy-rc.d";

async function install(): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  // Debian's package would start a second Redis on 6379; only the program is wanted.
  const ours = await writeFile(POLICY, "#!/bin/sh\nexit 101\n", { mode: 0o755, flag: "wx" }).then(
    () => true,
    () => false,
  );
  try {
    await run("apt-get", ["update", "-qq"], { env });
    await run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", "redis-server"], {
      env,
    });
  } catch (error) {
    throw new Error(`apt-get could not install redis-server. ${ADVICE.linux ?? ELSEWHERE}`, {
      cause: error,
    });
  } finally {
    if (ours) await rm(POLICY, { force: true });
  }
}
