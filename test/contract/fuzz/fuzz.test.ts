import { afterAll, beforeAll, expect, test } from "@jest/globals";
import postgres from "postgres";
import type { Socket } from "socket.io-client";
import { v7 as uuidv7 } from "uuid";

import type { CommandOutput } from "../../../protocol/commands.ts";
import type { Room } from "../../../protocol/shapes.ts";
import { chanceOf } from "../../chaos/random.ts";
import { seed } from "../../simulation/seed.ts";
import { eventually } from "../../support/eventually.ts";
import { type RunningProcess, startProcess } from "../../support/processes.ts";
import { openTestStores, type TestStores } from "../../support/stores.ts";
import { command, connectSocket } from "../../support/world.ts";
import type { Playground } from "./good-inputs.ts";
import { makeRequests } from "./noisy-requests.ts";
import { makeNoise } from "./noisy-socket.ts";

const LASTS_MS = Number(process.env["FUZZ_SECONDS"] ?? "6") * 1_000;
const NOISY_SOCKETS = 4;
const NOISY_ASKERS = 4;
const MOST_MEMORY_BYTES = 500_000_000;

let stores: TestStores;
let gateway: RunningProcess;
let worker: RunningProcess;
beforeAll(async () => {
  stores = await openTestStores();
  const env = { DATABASE_URL: stores.databaseUrl, REDIS_URL: stores.redisUrl };
  [gateway, worker] = await Promise.all([
    startProcess("server/main.ts", env),
    startProcess("workers/main.ts", env),
  ]);
});
afterAll(async () => {
  for (const one of [gateway, worker]) one.kill("SIGKILL");
  await Promise.all([gateway.exited, worker.exited]);
  await stores.close();
});

async function rest<T>(method: string, path: string, token: string | null, body?: object) {
  const answer = await fetch(`${gateway.url}/v1${path}`, {
    method,
    headers: {
      "Content-Type": "application/json",
      ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  expect(answer.ok).toBe(true);
  return (await answer.json()) as T;
}

const guest = (displayName: string) =>
  rest<CommandOutput<"guest:create">>("POST", "/guests", null, { displayName });
const openRoom = (token: string, title: string, visibility: Room["visibility"]) =>
  rest<Room>("POST", "/rooms", token, { title, visibility });

/** Two who talk in a room of their own, and must not notice anything of the noise. */
async function talk(isOver: () => boolean) {
  const [ada, grace] = await Promise.all([guest("Ada"), guest("Grace")]);
  const room = await openRoom(ada.token, "Quiet room", "private");
  await rest("PUT", `/rooms/${room.id}/members/${grace.user.id}`, ada.token, { role: "member" });
  const [speaker, listener] = await Promise.all([
    connectSocket(gateway.url, ada.token),
    connectSocket(gateway.url, grace.token),
  ]);
  const heard: string[] = [];
  listener.on("room.events", ({ events }: { events: { type: string; text?: string }[] }) => {
    heard.push(
      ...events.flatMap(({ type, text }) => (type === "message.sent" ? [text ?? ""] : [])),
    );
  });
  await command(listener, "room:enter", { room: room.id });
  const said: string[] = [];
  const talking = (async () => {
    while (!isOver()) {
      const text = `word ${said.length}`;
      await command(speaker, "message:send", { room: room.id, clientId: uuidv7(), text });
      said.push(text);
    }
  })();
  return { ada, room, sockets: [speaker, listener] as Socket[], said, heard, talking };
}

/** All that was said in a room, as REST has it. */
async function readAll(token: string, room: string): Promise<string[]> {
  const texts: string[] = [];
  for (let after = 0, more = true; more;) {
    const page = await rest<CommandOutput<"room:history">>(
      "GET",
      `/rooms/${room}/events?after=${after}&limit=500`,
      token,
    );
    for (const fact of page.events) if (fact.type === "message.sent") texts.push(fact.text ?? "");
    more = page.more;
    after = page.events.at(-1)?.seq ?? after;
  }
  return texts;
}

test(
  `[G15] whatever bytes come over sockets and REST, everyone else is served, and all of it is stored (seed ${seed})`,
  async () => {
    const people = await Promise.all(["Eve", "Mallory", "Trudy", "Oscar"].map(guest));
    const [eve, ...victims] = people;
    if (eve === undefined) throw new Error("Nobody is there");
    const rooms = await Promise.all(
      ["One", "Two"].map((title) => openRoom(eve.token, title, "unlisted")),
    );
    const playground: Playground = {
      rooms: rooms.flatMap(({ id, slug }) => [id, slug]),
      users: victims.map(({ user }) => user.id),
      tokens: people.map(({ token }) => token),
    };
    const endsAt = performance.now() + LASTS_MS;
    const isOver = () => performance.now() > endsAt;
    const bystanders = await talk(isOver);
    const noisy = (n: number) => ({ url: gateway.url, playground, chance: chanceOf(seed + n) });
    const [noises, asked] = await Promise.all([
      Promise.all(Array.from({ length: NOISY_SOCKETS }, (_, i) => makeNoise(noisy(i), isOver))),
      Promise.all(
        Array.from({ length: NOISY_ASKERS }, (_, i) => makeRequests(noisy(100 + i), isOver)),
      ),
      bystanders.talking,
    ]);

    // Every well-formed packet was answered, every request with the contract's words, and none met a bug.
    expect(noises.flatMap(({ unanswered }) => unanswered)).toEqual([]);
    expect(asked.flatMap(({ wrong }) => wrong)).toEqual([]);
    for (const one of [gateway, worker]) {
      expect([one.child.exitCode, one.child.signalCode]).toEqual([null, null]);
      expect(one.output()).not.toMatch(/"level":(?:50|60)/u);
    }
    // Noise that is refused as a whole proves little.
    const answered = noises.reduce((sum, noise) => sum + noise.answered, 0);
    expect(answered).toBeGreaterThan(100);
    const statuses = new Set(asked.flatMap(({ byStatus }) => [...byStatus.keys()]));
    // What is made, with a 201, is one in hundreds: a short run may have none.
    for (const status of [200, 400, 404]) expect(statuses).toContain(status);

    // Nobody else noticed.
    const { said, heard, ada, room, sockets } = bystanders;
    expect(said.length).toBeGreaterThan(10);
    await eventually(() => expect(heard).toEqual(said));
    expect(await readAll(ada.token, room.id)).toEqual(said);
    for (const socket of sockets) socket.disconnect();

    // What was accepted of the noise is stored like anything else, to its end, and nothing was put aside.
    const sql = postgres(stores.databaseUrl, { max: 1 });
    for (const each of rooms) {
      const { head } = await headOf(each.id, eve.token);
      expect(head).toBeGreaterThan(5);
      await eventually(
        async () => {
          const [row] =
            await sql`SELECT stored_seq::float8 AS seq FROM rooms WHERE id = ${each.id}`;
          expect(row?.["seq"]).toBe(head);
        },
        { withinMs: 10_000 },
      );
    }
    expect(await sql`SELECT count(*)::int AS entries FROM quarantine`).toEqual([{ entries: 0 }]);
    await sql.end();
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    const memory = Number(/^process_resident_memory_bytes\S* (\S+)$/mu.exec(metrics)?.[1]);
    expect(memory).toBeLessThan(MOST_MEMORY_BYTES);
  },
  LASTS_MS + 60_000,
);

/** Where a room's log ends. */
async function headOf(room: string, token: string): Promise<{ head: number }> {
  const socket = await connectSocket(gateway.url, token);
  const { head } = await command(socket, "room:enter", { room });
  socket.disconnect();
  return { head };
}
