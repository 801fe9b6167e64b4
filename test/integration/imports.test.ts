import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";

import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { ZipFile } from "yazl";

import { MAX_IMPORT_PART_BYTES } from "../../protocol/limits.ts";
import type { Import, ImportFormat, Message } from "../../protocol/shapes.ts";
import { eventually } from "../support/eventually.ts";
import { startProcess } from "../support/processes.ts";
import {
  ask,
  command,
  firstGateway,
  HOST_SECRET,
  openWorld,
  type Person,
  say,
  type World,
} from "../support/world.ts";

let world: World;
let root: Person;
let ada: Person;
beforeAll(async () => {
  world = await openWorld({ env: { AUTH_JWT_SECRET: HOST_SECRET } });
  [root, ada] = await Promise.all([world.administrator("Root"), world.person("Ada")]);
});
afterAll(() => world.close());

/** Sends a file in parts and starts its import. */
async function bring(
  format: ImportFormat,
  file: string | Buffer,
  more: Record<string, unknown> = {},
): Promise<Import> {
  const asked = { format, title: "Old times", visibility: "public", ...more };
  const { status, body } = await root.rest<Import>("POST", "/imports", asked);
  expect(status).toBe(201);
  const bytes = Buffer.from(file);
  for (let part = 1; (part - 1) * MAX_IMPORT_PART_BYTES < bytes.length; part += 1) {
    const from = (part - 1) * MAX_IMPORT_PART_BYTES;
    expect(await put(body.id, part, bytes.subarray(from, from + MAX_IMPORT_PART_BYTES))).toBe(204);
  }
  return (await root.rest<Import>("POST", `/imports/${body.id}/start`)).body;
}

async function put(id: string, part: number, bytes: Buffer, who = root): Promise<number> {
  const answer = await fetch(`${firstGateway(world).url}/v1/imports/${id}/parts/${part}`, {
    method: "PUT",
    headers: { Authorization: `Bearer ${who.token}` },
    body: new Uint8Array(bytes),
  });
  return answer.status;
}

/** Waits until an import has ended. */
async function ended(id: string): Promise<Import> {
  return eventually(
    async () => {
      const { body } = await root.rest<Import>("GET", `/imports/${id}`);
      expect(body.finishedAt).toEqual(expect.any(String));
      return body;
    },
    { withinMs: 60_000 },
  );
}

async function messagesOf(room: string, query = "after=0&limit=200"): Promise<Message[]> {
  const { body } = await ada.rest<{ items: Message[] }>("GET", `/rooms/${room}/messages?${query}`);
  return body.items;
}

/** Who said what and when, as it was in the file. */
const told = (messages: Message[]) =>
  messages.map(({ seq, at, by, text, replyTo }) => [seq, at, by.name, text, replyTo]);

async function zipOf(files: Record<string, unknown>): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [name, content] of Object.entries(files)) {
    zip.addBuffer(Buffer.from(JSON.stringify(content)), name);
  }
  zip.end();
  return buffer(zip.outputStream);
}

async function exported(room: string, format: string, who = ada): Promise<Response> {
  return fetch(`${firstGateway(world).url}/v1/rooms/${room}/export?format=${format}`, {
    headers: { Authorization: `Bearer ${who.token}` },
  });
}

/** A line of our own format. */
const line = (seq: number, by: object, text?: string) =>
  JSON.stringify({ seq, at: "2024-03-05T10:00:00Z", by, text });

describe("a history that is brought along", () => {
  test("an IRC log: days and midnights, actions, and what nobody said is left out", async () => {
    const { id } = await bring(
      "irc",
      [
        "23:58 <@ada> one more thing",
        "=== grace [~g@x] has joined #tea",
        "23:59 * grace waves",
        "00:01 <ada> good\u0002 morning",
        "what is this?",
        "--- Day changed Thu Mar 07 2024",
        "09:30:15 <grace> \u{1F375}",
      ].join("\r\n"),
      { date: "2024-03-05" },
    );
    const done = await ended(id);
    expect(done).toMatchObject({ state: "done", messages: 4, skipped: 3, progress: 1 });
    expect(done.problems).toEqual([expect.stringContaining("Line 5")]);
    expect(told(await messagesOf(done.room))).toEqual([
      [1, "2024-03-05T23:58:00.000Z", "ada", "one more thing", undefined],
      [2, "2024-03-05T23:59:00.000Z", "grace", "* grace waves", undefined],
      [3, "2024-03-06T00:01:00.000Z", "ada", "good morning", undefined],
      [4, "2024-03-07T09:30:15.000Z", "grace", "🍵", undefined],
    ]);
  });

  test("a Slack export: names, threads, markup, and one channel of several", async () => {
    const zip = await zipOf({
      "users.json": [
        { id: "U1", name: "ada", profile: { display_name: "Ada L." } },
        { id: "U2", name: "grace", real_name: "Grace Hopper", profile: { display_name: "" } },
      ],
      "random/2024-03-05.json": [{ type: "message", user: "U1", ts: "1.0", text: "elsewhere" }],
      "general/2024-03-06.json": [
        {
          type: "message",
          user: "U2",
          ts: "1709683200.000200",
          thread_ts: "1709596800.000100",
          text: "<@U1>: see <https://a.example/?a=1&amp;b=2|this> in <#C9|tea> &lt;3",
        },
      ],
      "general/2024-03-05.json": [
        {
          type: "message",
          subtype: "channel_join",
          user: "U2",
          ts: "1709596700.0",
          text: "joined",
        },
        { type: "message", user: "U1", ts: "1709596800.000100", text: "Questions?" },
        { nonsense: true },
      ],
    });
    const unnamed = await ended((await bring("slack", zip)).id);
    expect(unnamed).toMatchObject({ state: "failed", messages: 0 });
    expect(unnamed.problems[0]).toContain("random, general");
    const done = await ended((await bring("slack", zip, { channel: "general" })).id);
    expect(done).toMatchObject({ state: "done", messages: 2, skipped: 2 });
    expect(told(await messagesOf(done.room))).toEqual([
      [1, "2024-03-05T00:00:00.000Z", "Ada L.", "Questions?", undefined],
      [
        2,
        "2024-03-06T00:00:00.000Z",
        "Grace Hopper",
        "@Ada L.: see this (https://a.example/?a=1&b=2) in #tea <3",
        1,
      ],
    ]);
  });

  test("a Discord export: replies, edits, attachments", async () => {
    const base = { type: "Default", timestamp: "2024-03-05T10:00:00.5+01:00", attachments: [] };
    const done = await ended(
      (
        await bring(
          "discord",
          JSON.stringify({
            guild: { name: "Tea" },
            messages: [
              {
                ...base,
                id: "7",
                content: "hello",
                author: { id: "1", name: "ada", nickname: "Ada" },
              },
              {
                ...base,
                id: "8",
                type: "GuildMemberJoin",
                content: "",
                author: { id: "2", name: "g" },
              },
              {
                ...base,
                id: "9",
                type: "Reply",
                content: "look",
                timestampEdited: "2024-03-05T11:00:00+00:00",
                author: { id: "2", name: "grace", nickname: null },
                attachments: [{ url: "https://cdn.example/cup.png" }],
                reference: { messageId: "7" },
              },
            ],
          }),
        )
      ).id,
    );
    expect(done).toMatchObject({ state: "done", messages: 2, skipped: 1, problems: [] });
    const messages = await messagesOf(done.room);
    expect(told(messages)).toEqual([
      [1, "2024-03-05T09:00:00.500Z", "Ada", "hello", undefined],
      [2, "2024-03-05T09:00:00.500Z", "grace", "look\nhttps://cdn.example/cup.png", 1],
    ]);
    expect(messages[1]?.editedAt).toBe("2024-03-05T11:00:00.000Z");
  });

  test("people of this server are who they are, and the conversation goes on in the room", async () => {
    const file = [
      line(4, { id: ada.user.id, name: "Ada then" }, "it was me"),
      line(5, { id: "Root", name: "Root" }, "and the host's Root"),
      line(6, { id: "nobody here", name: "A stranger" }),
      line(9, { id: "nobody here", name: "A stranger" }, "and I"),
    ].join("\n");
    const done = await ended((await bring("jsonl", file)).id);
    expect(done).toMatchObject({ state: "done", messages: 3, skipped: 1 });
    const [mine, roots, theirs] = await messagesOf(done.room);
    expect(mine?.by).toEqual({ id: ada.user.id, name: "Ada then" });
    expect(roots?.by.id).toBe(root.user.id);
    expect(theirs?.by.name).toBe("A stranger");
    const socket = await ada.connect();
    const entered = await command(socket, "room:enter", { room: done.room });
    expect(entered.events.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    const { seq } = await say(socket, done.room, "where were we?");
    expect(seq).toBe(4);
    await eventually(async () => expect((await messagesOf(done.room)).at(-1)?.seq).toBe(4));
  });

  test("nobody enters before it is done", async () => {
    const { body } = await root.rest<Import>("POST", "/imports", { format: "irc", title: "Soon" });
    const socket = await root.connect();
    const entering = await ask(socket, "room:enter", { room: body.room });
    expect(entering).toMatchObject({ ok: false, error: { code: "unavailable" } });
    expect((await ada.rest("GET", `/rooms/${body.room}`)).status).toBe(404);
  });

  test("a worker that is killed loses nothing and doubles nothing", async () => {
    await world.worker?.stop();
    const MESSAGES = 30_000;
    const file = Array.from(
      { length: MESSAGES },
      (_, i) => `12:${String(i % 60).padStart(2, "0")} <nick${i % 700}> message ${i + 1}`,
    ).join("\n");
    const { id, room } = await bring("irc", file, { date: "2024-03-05" });
    const { databaseUrl: DATABASE_URL, redisUrl: REDIS_URL } = world.stores;
    const first = await startProcess("workers/main.ts", { DATABASE_URL, REDIS_URL });
    await eventually(async () => {
      const { body } = await root.rest<Import>("GET", `/imports/${id}`);
      expect(body.messages).toBeGreaterThan(0);
    });
    first.kill("SIGKILL");
    await first.exited;
    const { body: half } = await root.rest<Import>("GET", `/imports/${id}`);
    expect(half).toMatchObject({ state: "running" });
    expect(half.messages).toBeLessThan(MESSAGES);
    await world.addWorker();
    const done = await ended(id);
    expect(done).toMatchObject({ state: "done", messages: MESSAGES, skipped: 0 });
    const newest = await messagesOf(room, `before=${MESSAGES + 1}&limit=2`);
    expect(new Map(newest.map(({ seq, text }) => [seq, text]))).toEqual(
      new Map([
        [MESSAGES - 1, `message ${MESSAGES - 1}`],
        [MESSAGES, `message ${MESSAGES}`],
      ]),
    );
  });
});

describe("an export", () => {
  test("is the room as it is now, page after page, and makes the same room again", async () => {
    const lines = Array.from({ length: 2_300 }, (_, i) => `12:00 <ada> line ${i + 1}`);
    const { room } = await ended((await bring("irc", lines.join("\n"), { date: "2024-03-05" })).id);
    const socket = await ada.connect();
    const { seq } = await say(socket, room, "two\nlines");
    await say(socket, room, "a slip");
    await command(socket, "message:remove", { room, seq: seq + 1 });
    const answer = await exported(room, "jsonl");
    expect(answer.headers.get("content-disposition")).toContain(".jsonl");
    const json = await answer.text();
    const again = await ended((await bring("jsonl", json)).id);
    expect(again).toMatchObject({ messages: 2_301, skipped: 1, problems: [] });
    const query = "after=2298&limit=10";
    const [before, after] = [await messagesOf(room, query), await messagesOf(again.room, query)];
    expect(told(after)).toEqual(told(before.slice(0, -1)));
    expect(after.map(({ by }) => by.id)).toEqual(before.slice(0, -1).map(({ by }) => by.id));
    const text = (await (await exported(room, "text")).text()).split("\n");
    expect(text).toHaveLength(2_304);
    expect(text[2_299]).toBe("[2024-03-05 12:00:00] <ada> line 2300");
    expect(text[2_301]).toMatch(/^\[[\d-]{10} [\d:]{8}\] <Ada> lines$/u);
    expect(json).not.toContain("a slip");
    expect(text.join()).not.toContain("a slip");
  });

  test("is for who may read the room", async () => {
    const room = await ada.openRoom("Private", { visibility: "private" });
    expect((await exported(room.id, "jsonl")).status).toBe(200);
    expect((await exported(room.id, "jsonl", await world.person("Eve"))).status).toBe(404);
    expect((await exported(room.id, "pdf")).status).toBe(400);
  });
});

describe("what cannot be imported", () => {
  test.each<[string, ImportFormat, string, string]>([
    ["a file of another format", "irc", "{}\n{}\n", "Nobody says anything"],
    ["a log without its day", "irc", "12:00 <ada> hi", "date"],
    ["what is no ZIP", "slack", "hello", "no ZIP"],
    ["what is no JSON", "discord", "hello", "not JSON"],
  ])("%s: its import says why", async (_what, format, file, why) => {
    const failed = await ended(
      (await bring(format, file, format === "irc" && why !== "date" ? { date: "2024-01-01" } : {}))
        .id,
    );
    expect(failed).toMatchObject({ state: "failed", messages: 0 });
    expect(failed.problems.join(" ")).toContain(why);
  });

  test("only platform administrators import", async () => {
    const asked = { format: "irc", title: "Lies" };
    expect((await ada.rest("POST", "/imports", asked)).body.code).toBe("forbidden");
    const { body } = await root.rest<Import>("POST", "/imports", asked);
    expect(await put(body.id, 1, Buffer.from("12:00 <root> I resign"), ada)).toBe(403);
    expect((await ada.rest("GET", `/imports/${body.id}`)).status).toBe(403);
  });

  test("parts that are missing, empty, too large, late or of nothing are refused", async () => {
    const { body } = await root.rest<Import>("POST", "/imports", { format: "irc", title: "Parts" });
    const start = () => root.rest("POST", `/imports/${body.id}/start`);
    expect((await start()).body.code).toBe("invalid");
    expect(await put(body.id, 2, Buffer.from("12:00 <ada> two"))).toBe(204);
    expect((await start()).body).toMatchObject({ code: "invalid", errors: [{ path: "parts" }] });
    expect(await put(body.id, 1, Buffer.alloc(0))).toBe(400);
    expect(await put(body.id, 1, Buffer.alloc(MAX_IMPORT_PART_BYTES + 1))).toBe(413);
    expect(await put(body.id, 0, Buffer.from("x"))).toBe(404);
    expect(await put("01900000-0000-7000-8000-000000000000", 1, Buffer.from("x"))).toBe(404);
    expect(await put(body.id, 1, Buffer.from("12:00 <ada> one"))).toBe(204);
    expect((await start()).status).toBe(200);
    expect(await put(body.id, 3, Buffer.from("x"))).toBe(409);
    expect((await start()).body.code).toBe("conflict");
  });
});

test("the guide's own commands import a file", async () => {
  const guide = await readFile(new URL("../../docs/IMPORTS.md", import.meta.url), "utf8");
  const commands = /```bash\n(.*?)```/su.exec(guide)?.[1] ?? "";
  const home = await mkdtemp(path.join(tmpdir(), "eddy-guide-"));
  const file = path.join(home, "tea.log");
  const lines = Array.from({ length: 30_000 }, (_, i) => `12:00 <ada> long ago, message ${i + 1}`);
  await writeFile(file, lines.join("\n"));
  const { stdout, stderr } = await promisify(execFile)("bash", ["--norc", "-eu", "-c", commands], {
    env: {
      PATH: process.env["PATH"],
      EDDY_URL: firstGateway(world).url,
      TOKEN: root.token,
      FILE: file,
      FORMAT: "irc",
    },
  });
  await rm(home, { recursive: true });
  expect(stderr).toBe("");
  expect(JSON.parse(stdout)).toMatchObject({ state: "done", messages: 30_000 });
});
