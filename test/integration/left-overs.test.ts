import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";

import { endLeftOver, readPidFile, writePidFile } from "../../server/embedded/os-process.ts";
import { lockDataDir } from "../../server/launcher/data-dir-lock.ts";
import { makeDataDir, removeDataDir } from "../support/data-dir.ts";
import { endWithUs } from "../support/end-with-us.ts";
import { runs } from "../support/launcher.ts";

const gently = { signal: "SIGTERM", patienceMs: 2_000 } as const;

let dataDir: string;
let pidFile: string;
let child: ChildProcess & { pid: number };

beforeEach(async () => {
  dataDir = await makeDataDir("left-overs");
  pidFile = path.join(dataDir, "some.pid");
  child = await sleeper();
});

afterEach(async () => {
  child.kill("SIGKILL");
  await removeDataDir(dataDir);
});

describe("what an earlier run left behind", () => {
  test("is ended, and its pid file goes", async () => {
    writePidFile(pidFile, child.pid);
    await endLeftOver(pidFile, gently);
    expect(await runs(child.pid)).toBe(false);
    await expect(readFile(pidFile)).rejects.toThrow("ENOENT");
  });

  test("is made to end when it does not listen", async () => {
    child.kill("SIGSTOP");
    writePidFile(pidFile, child.pid);
    await endLeftOver(pidFile, { signal: "SIGTERM", patienceMs: 100 });
    expect(await runs(child.pid)).toBe(false);
  });

  test("a stranger that has its pid by now is left alone", async () => {
    writePidFile(pidFile, child.pid);
    const noted = JSON.parse(await readFile(pidFile, "utf8")) as { began: string };
    await writeFile(pidFile, JSON.stringify({ pid: child.pid, began: `${noted.began}1` }));
    await endLeftOver(pidFile, gently);
    expect(await runs(child.pid)).toBe(true);
  });

  test("a pid file that is cut short names nobody", async () => {
    await writeFile(pidFile, `{"pid": ${child.pid}`);
    expect(await readPidFile(pidFile)).toBeNull();
  });
});

describe("the lock of a data folder", () => {
  test("is one launcher's, until it lets go", async () => {
    const unlock = await lockDataDir(dataDir);
    await expect(lockDataDir(dataDir)).rejects.toThrow("Eddy already runs with the data in");
    await unlock();
    await (
      await lockDataDir(dataDir)
    )();
  });

  test("is taken over from one that was killed", async () => {
    writePidFile(path.join(dataDir, "launcher.pid"), child.pid);
    await expect(lockDataDir(dataDir)).rejects.toThrow(`process ${child.pid}`);
    child.kill("SIGKILL");
    await once(child, "exit");
    await (
      await lockDataDir(dataDir)
    )();
  });
});

async function sleeper(): Promise<ChildProcess & { pid: number }> {
  const started = spawn("sleep", ["600"], { stdio: "ignore" });
  await once(started, "spawn");
  endWithUs({ pid: started.pid as number });
  return started as ChildProcess & { pid: number };
}
