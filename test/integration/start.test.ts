import { createServer, type AddressInfo } from "node:net";

import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { v7 as uuidv7 } from "uuid";

import { makeDataDir, removeDataDir } from "../support/data-dir.ts";
import { eventually } from "../support/eventually.ts";
import { type Launcher, notedPids, runs, startLauncher } from "../support/launcher.ts";
import { command, connectSocket } from "../support/world.ts";

/** Someone who dropped in, over REST only. */
interface Ada {
  token: string;
  room: string;
}

describe("npm start", () => {
  let dataDir: string;
  let launcher: Launcher;
  let url: string;
  let ada: Ada;

  beforeAll(async () => {
    dataDir = await makeDataDir("start");
    launcher = startLauncher({ DATA_DIR: dataDir });
    url = await launcher.url;
    ada = await dropIn(url);
  }, 60_000);

  afterAll(async () => {
    launcher.kill("SIGKILL");
    await launcher.exited;
    await removeDataDir(dataDir);
  });

  test("serves at the address that it prints", async () => {
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
  });

  test.each(["gateway", "worker", "redis", "postgres"])(
    "a %s that is killed comes back, and what is said then is stored",
    async (name) => {
      const { [name]: before } = await notedPids(dataDir);
      process.kill(before as number, "SIGKILL");
      await eventually(async () => expect((await notedPids(dataDir))[name]).not.toBe(before), {
        withinMs: 10_000,
      });
      const clientId = uuidv7();
      const { seq } = await eventually(() => say(url, ada, { clientId, text: `without ${name}` }), {
        withinMs: 15_000,
      });
      await eventually(async () => expect(await storedSeq(url, ada)).toBeGreaterThanOrEqual(seq), {
        withinMs: 15_000,
      });
      expect(launcher.output()).toContain("starting it again");
    },
    60_000,
  );

  test("a second one on the same data is told that the first one runs", async () => {
    const second = startLauncher({ DATA_DIR: dataDir });
    expect(await second.exited).toBe(1);
    expect(second.output()).toContain("already runs with the data in");
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  test("[G7] after Ctrl-C nothing runs, and the next start goes on in the same epoch", async () => {
    const said = await say(url, ada, { clientId: uuidv7(), text: "good night" });
    const pids = Object.values(await notedPids(dataDir));
    expect(pids).toHaveLength(5);
    launcher.kill("SIGINT");
    expect(await launcher.exited).toBe(0);
    expect(await stillRunning(pids)).toEqual([]);
    expect(await notedPids(dataDir)).toEqual({});

    launcher = startLauncher({ DATA_DIR: dataDir });
    url = await launcher.url;
    expect(await texts(url, ada)).toContain("good night");
    const next = await say(url, ada, { clientId: uuidv7(), text: "good morning" });
    expect(next).toMatchObject({ epoch: said.epoch, seq: said.seq + 1 });
  }, 60_000);

  test("when it is killed itself, the next start takes over and has what was stored", async () => {
    const said = await say(url, ada, { clientId: uuidv7(), text: "last words" });
    await eventually(async () =>
      expect(await storedSeq(url, ada)).toBeGreaterThanOrEqual(said.seq),
    );
    const { gateway, worker, redis, postgres } = await notedPids(dataDir);
    const pids = [gateway, worker, redis, postgres].filter((pid) => pid !== undefined);
    launcher.kill("SIGKILL");
    await launcher.exited;
    // Those who serve stop by themselves; the stores stay as they are until somebody comes.
    await eventually(async () => expect(await stillRunning(pids)).toEqual([redis, postgres]), {
      withinMs: 12_000,
    });

    launcher = startLauncher({ DATA_DIR: dataDir });
    url = await launcher.url;
    expect(await stillRunning(pids)).toEqual([]);
    expect(await texts(url, ada)).toContain("last words");
    const next = await say(url, ada, { clientId: uuidv7(), text: "first words" });
    expect(next.seq).toBeGreaterThan(said.seq);

    launcher.kill("SIGINT");
    expect(await launcher.exited).toBe(0);
    expect(await notedPids(dataDir)).toEqual({});
  }, 60_000);
});

test("a SIGTERM for npm ends all of Eddy, not only npm", async () => {
  const dataDir = await makeDataDir("npm");
  const launcher = startLauncher({ DATA_DIR: dataDir }, ["npm", "start"]);
  await launcher.url;
  const pids = Object.values(await notedPids(dataDir));
  expect(pids).toHaveLength(5);
  launcher.kill("SIGTERM");
  await launcher.exited;
  expect(await stillRunning(pids)).toEqual([]);
  expect(await notedPids(dataDir)).toEqual({});
  await removeDataDir(dataDir);
}, 60_000);

describe("npm start that cannot start", () => {
  test("names every wrong setting at once, and no value", async () => {
    const launcher = startLauncher({ PORT: "eighty", LIMITS: "maybe", ADMIN_TOKEN: "hunter2" });
    expect(await launcher.exited).toBe(1);
    for (const name of ["PORT", "LIMITS", "ADMIN_TOKEN"]) {
      expect(launcher.output()).toContain(`- ${name} must be`);
    }
    expect(launcher.output()).not.toContain("hunter2");
  });

  test("says that its port is taken and how to choose another", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, resolve));
    const { port } = taken.address() as AddressInfo;
    const dataDir = await makeDataDir("port");
    const launcher = startLauncher({ DATA_DIR: dataDir, PORT: String(port) });
    expect(await launcher.exited).toBe(1);
    expect(launcher.output()).toContain(`Port ${port} is taken by another program.`);
    expect(await notedPids(dataDir)).toEqual({});
    await removeDataDir(dataDir);
    await new Promise((resolve) => taken.close(resolve));
  });

  test("stops what it had begun when Ctrl-C comes in the middle", async () => {
    const dataDir = await makeDataDir("half");
    const launcher = startLauncher({ DATA_DIR: dataDir });
    await eventually(async () => expect(await notedPids(dataDir)).toHaveProperty("redis"), {
      withinMs: 15_000,
    });
    const pids = Object.values(await notedPids(dataDir));
    launcher.kill("SIGINT");
    expect(await launcher.exited).toBe(0);
    expect(launcher.output()).not.toContain("Eddy is ready");
    expect(await stillRunning(pids)).toEqual([]);
    expect(await notedPids(dataDir)).toEqual({});
    await removeDataDir(dataDir);
  }, 60_000);
});

async function dropIn(url: string): Promise<Ada> {
  const { token } = await post<{ token: string }>(`${url}/v1/guests`, { displayName: "Ada" });
  const room = await post<{ id: string }>(
    `${url}/v1/rooms`,
    { title: "Watercooler", visibility: "public" },
    token,
  );
  return { token, room: room.id };
}

function say(
  url: string,
  { room, token }: Ada,
  message: { clientId: string; text: string },
): Promise<{ seq: number; epoch: number }> {
  return post(`${url}/v1/rooms/${room}/messages`, message, token);
}

async function post<T>(url: string, body: unknown, token?: string): Promise<T> {
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json()) as T;
}

async function texts(url: string, { room, token }: Ada): Promise<unknown[]> {
  const response = await fetch(`${url}/v1/rooms/${room}/events?limit=100`, {
    headers: { Authorization: `Bearer ${token}` },
  });
  const { events } = (await response.json()) as { events: { text?: string }[] };
  return events.map(({ text }) => text);
}

/** Up to where everything that was said is in PostgreSQL. */
async function storedSeq(url: string, { room, token }: Ada): Promise<number> {
  const socket = await connectSocket(url, token);
  try {
    const { stored } = await command(socket, "room:enter", { room, lurk: true });
    return stored;
  } finally {
    socket.disconnect();
  }
}

async function stillRunning(pids: number[]): Promise<number[]> {
  const alive = await Promise.all(pids.map(runs));
  return pids.filter((_, index) => alive[index]);
}
