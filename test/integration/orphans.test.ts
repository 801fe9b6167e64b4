import { spawn } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, expect, test } from "@jest/globals";

import { endWithUs } from "../support/end-with-us.ts";
import { openTestStores, type TestStores } from "../support/stores.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

let stores: TestStores;
beforeAll(async () => {
  stores = await openTestStores();
});
afterAll(() => stores.close());

test.each(["server/main.ts", "workers/main.ts"])(
  "%s whose launcher is gone before it serves stops by itself",
  async (entry) => {
    const child = spawn(process.execPath, ["--import", "tsx", path.join(root, entry)], {
      cwd: root,
      env: {
        PATH: process.env["PATH"],
        PORT: "0",
        LOG_LEVEL: "warn",
        DATABASE_URL: stores.databaseUrl,
        REDIS_URL: stores.redisUrl,
      },
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    if (child.pid !== undefined) endWithUs({ pid: child.pid });
    child.disconnect();
    const ended = new Promise<unknown>((resolve) => child.once("exit", resolve));
    expect(await ended).toBe(0);
  },
  30_000,
);
