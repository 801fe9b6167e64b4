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

const ELSEWHERE = "Or set REDIS_URL to a Redis that runs somewhere, for example in a container.";

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

async function install(): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  // Someone else may be installing just now, for example another Eddy.
  const options = ["-qq", "-o", "DPkg::Lock::Timeout=120"];
  const forbidden = await forbidServices();
  try {
    await run("apt-get", ["update", ...options], { env });
    await run("apt-get", ["install", "-y", "--no-install-recommends", ...options, "redis-server"], {
      env,
    });
  } catch (error) {
    throw new Error(`apt-get could not install redis-server. ${ADVICE.linux ?? ELSEWHERE}`, {
      cause: error,
    });
  } finally {
    if (forbidden) await rm(POLICY, { force: true });
  }
}

/** Asked by packages whether they may start their service. */
const POLICY = "/usr/sbin/policy-rc.d";

/**
 * Debian's package would start a second Redis on 6379; only the program is wanted. The policy says no
 * for as long as we live: should we be killed in the middle, it stands in nobody's way.
 */
async function forbidServices(): Promise<boolean> {
  const policy = `#!/bin/sh\n# Made by Eddy while it installs redis-server.\nif [ -d /proc/${process.pid} ]; then exit 101; fi\n`;
  try {
    await writeFile(POLICY, policy, { mode: 0o755, flag: "wx" });
    return true;
  } catch {
    // There is one already: this machine has decided for itself.
    return false;
  }
}
