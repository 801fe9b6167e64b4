import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { v7 as uuidv7 } from "uuid";

import type { Fact } from "../../protocol/facts.ts";
import { Reader } from "../guarantees/reader.ts";
import { endWithUs } from "../support/end-with-us.ts";
import { eventually } from "../support/eventually.ts";
import { firstGateway, openWorld, say, type World } from "../support/world.ts";

let world: World;
beforeAll(async () => {
  // A short hot log, so that what is missed comes from Redis and from Postgres.
  world = await openWorld({ env: { HOT_LOG_KEEP: "10" } });
});
afterAll(() => world.close());

async function logOf(room: string): Promise<Fact[]> {
  const eve = await world.person("Eve");
  const { body } = await eve.rest<{ events: Fact[] }>(
    "GET",
    `/rooms/${room}/events?after=0&limit=500`,
  );
  return body.events;
}

describe("a stock socket.io client", () => {
  test.each([7, 200])(
    "enters, sends, misses messages and comes back for exactly those, %d at a time",
    async (limit) => {
      const [ada, grace] = [await world.person("Ada"), await world.person("Grace")];
      const room = await ada.openRoom();
      const hers = await ada.connect();
      const first = new Reader(await grace.connect(), room.id);
      await first.enter();
      await say(first.socket, room.id, "I am here");
      for (let i = 0; i < 5; i += 1) await say(hers, room.id, `seen ${i}`);
      await eventually(() => expect(first.facts).toHaveLength(6));
      first.socket.disconnect();
      for (let i = 0; i < 60; i += 1) await say(hers, room.id, `missed ${i}`);

      const again = new Reader(await grace.connect(), room.id);
      const talking = Promise.all(
        Array.from({ length: 40 }, (_, i) => say(hers, room.id, `meanwhile ${i}`)),
      );
      await again.enter({ since: first.cursor, limit });
      await talking;
      await eventually(() => expect(again.facts).toHaveLength(100));
      expect([...first.facts, ...again.facts]).toEqual(await logOf(room.id));
      expect(again.problems).toEqual([]);
      expect(Math.max(...again.replies.map(({ events }) => events.length))).toBeLessThanOrEqual(
        limit,
      );
    },
  );
});

interface PromiseWithReject {
  resolve: (answer: Record<string, unknown>) => void;
  reject: (error: Error) => void;
}

/** The client in test/support/python-client.py, asked line by line. */
class PythonClient {
  readonly #child: ChildProcess;
  readonly #waiting: PromiseWithReject[] = [];
  readonly ready: Promise<unknown>;
  #complaint = "";

  constructor(url: string, ...args: string[]) {
    const script = fileURLToPath(new URL("../support/python-client.py", import.meta.url));
    this.#child = spawn("/usr/bin/python3", [script, url, ...args], {
      stdio: ["pipe", "pipe", "pipe"],
    });
    if (this.#child.pid !== undefined) endWithUs({ pid: this.#child.pid });
    this.#child.stderr?.on("data", (chunk: Buffer) => {
      this.#complaint += chunk.toString();
    });
    this.ready = this.#next();
    if (this.#child.stdout === null) throw new Error("The client has no output");
    createInterface(this.#child.stdout).on("line", (line) => {
      this.#waiting.shift()?.resolve(JSON.parse(line) as Record<string, unknown>);
    });
    this.#child.once("close", () => {
      const ended = new Error(`The Python client ended: ${this.#complaint}`);
      for (const { reject } of this.#waiting.splice(0)) reject(ended);
    });
  }

  async ask(command: Record<string, unknown>): Promise<Record<string, unknown>> {
    const answer = this.#next();
    this.#child.stdin?.write(`${JSON.stringify(command)}\n`);
    return answer;
  }

  #next(): Promise<Record<string, unknown>> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
  }

  close(): void {
    this.#child.kill();
  }
}

const hasPython = spawnSync("/usr/bin/python3", ["-c", "import socketio, requests"]).status === 0;

// On a machine without it there is nothing to show; CI has it.
const pythonTest = hasPython ? test : test.skip;

const whySkipped = hasPython ? "" : " (skipped: apt-get install python3-socketio python3-requests)";

describe(`a stock python-socketio client${whySkipped}`, () => {
  test("is installed where CI=true", () => {
    expect(hasPython || process.env["CI"] !== "true").toBe(true);
  });

  pythonTest.each([
    { over: "its own transports", args: [], limit: 500, atLeast: 1 },
    { over: "its own transports", args: [], limit: 25, atLeast: 3 },
    { over: "polling alone", args: ["polling"], limit: 25, atLeast: 3 },
  ])(
    "enters, sends, misses messages and comes back for exactly those: over $over, $limit at a time",
    async ({ args, limit, atLeast }) => {
      const ada = await world.person("Ada");
      const room = await ada.openRoom();
      const hers = await ada.connect();
      const python = new PythonClient(firstGateway(world).url, "Pat", ...args);
      try {
        await python.ready;
        expect(await python.ask({ do: "enter", room: room.slug })).toMatchObject({ ok: true });
        const clientId = uuidv7();
        const message = { do: "send", room: room.id, clientId, text: "hello from Python 🐍" };
        const sent = await python.ask(message);
        expect(sent).toMatchObject({ ok: true, seq: 1, duplicate: false });
        expect(await python.ask(message)).toMatchObject({ ok: true, seq: 1, duplicate: true });
        for (let i = 0; i < 5; i += 1) await say(hers, room.id, `seen ${i}`);
        await eventually(async () =>
          expect((await python.ask({ do: "facts" }))["facts"]).toHaveLength(6),
        );

        await python.ask({ do: "disconnect" });
        for (let i = 0; i < 60; i += 1) await say(hers, room.id, `missed ${i}`);
        await python.ask({ do: "connect" });
        const talking = Promise.all(
          Array.from({ length: 20 }, (_, i) => say(hers, room.id, `meanwhile ${i}`)),
        );
        const entered = await python.ask({ do: "enter", room: room.id, since: true, limit });
        const pages = entered["pages"] as number[];
        expect(pages.length).toBeGreaterThanOrEqual(atLeast);
        expect(Math.max(...pages)).toBeLessThanOrEqual(limit);
        await talking;
        await say(hers, room.id, "welcome back");
        await eventually(async () =>
          expect((await python.ask({ do: "facts" }))["facts"]).toHaveLength(87),
        );
        const { facts, problems, transport } = await python.ask({ do: "facts" });
        expect(facts).toEqual(await logOf(room.id));
        expect(problems).toEqual([]);
        if (args.includes("polling")) expect(transport).toBe("polling");
      } finally {
        python.close();
      }
    },
  );
});
