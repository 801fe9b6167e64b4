import { execFile } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { afterAll, beforeAll, expect, test } from "@jest/globals";

import { drain } from "../../workers/drain.ts";
import { command, openWorld, say, type World } from "../support/world.ts";
import { type Backstage, idOf, keptLog, openBackstage } from "./backstage.ts";
import { readerOf } from "./reader.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

let world: World;
let backstage: Backstage;
beforeAll(async () => {
  world = await openWorld({ worker: false });
  backstage = await openBackstage(world);
});
afterAll(async () => {
  await backstage.close();
  await world.close();
});

/** What an operator types, and what comes of it. */
async function quarantine(...args: string[]): Promise<{ code: number; printed: string }> {
  const entry = path.join(root, "workers/quarantine-main.ts");
  const env = {
    PATH: process.env["PATH"] ?? "",
    DATABASE_URL: world.stores.databaseUrl,
    REDIS_URL: world.stores.redisUrl,
  };
  return promisify(execFile)(process.execPath, ["--import", "tsx", entry, ...args], {
    cwd: root,
    env,
  }).then(
    ({ stdout, stderr }) => ({ code: 0, printed: stdout + stderr }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({
      code,
      printed: stdout + stderr,
    }),
  );
}

/** A room whose second message was refused by a constraint that an operator then drops. */
async function roomWithQuarantined() {
  const ada = await world.person("Ada");
  const room = await ada.openRoom();
  const socket = await ada.connect();
  for (const text of ["one", "two", "three"]) await say(socket, room.id, text);
  await backstage.sql.unsafe(
    `ALTER TABLE facts ADD CONSTRAINT no_two CHECK (room_id <> '${room.id}' OR text <> 'two')`,
  );
  await drain(backstage.worker(), { shouldStop: () => false });
  const repair = () => backstage.sql.unsafe("ALTER TABLE facts DROP CONSTRAINT no_two");
  return { ada, room, socket, repair };
}

test("[G14] an operator sees what is in quarantine, and stores it again at its seq once it can be", async () => {
  const { ada, room, repair } = await roomWithQuarantined();
  const list = await quarantine("list");
  expect(list).toMatchObject({
    code: 0,
    printed: expect.stringContaining(`${room.slug} 2  23514`),
  });
  expect((await quarantine("show", room.slug, "2")).printed).toContain("two");
  const early = await quarantine("retry", room.slug, "2");
  expect(early).toMatchObject({ code: 1, printed: expect.stringContaining("no_two") });
  expect((await keptLog(backstage, idOf(room)))[1]).toMatchObject({ type: "message.removed" });

  await repair();
  expect(await quarantine("retry", room.slug, "2")).toMatchObject({ code: 0 });
  const kept = await keptLog(backstage, idOf(room));
  expect(kept.map((fact) => fact.type === "message.sent" && fact.text)).toEqual([
    "one",
    "two",
    "three",
  ]);
  const { facts } = await readerOf(await ada.connect(), room.id);
  expect(facts).toEqual(kept);
  expect((await quarantine("list")).printed).toContain("0 in quarantine");
  expect(await quarantine("retry", room.slug, "2")).toMatchObject({ code: 1 });
});

test("[G19] a text that was removed while it was in quarantine does not come back", async () => {
  const { room, socket, repair } = await roomWithQuarantined();
  await repair();
  await command(socket, "message:remove", { room: room.id, seq: 2 }).catch(() => {});
  await backstage.sql`
    INSERT INTO facts (room_id, seq, n, type, at, by_id, by_name, target)
    SELECT room_id, 4, 3, 'message.removed', now(), by_id, by_name, 2
    FROM facts WHERE room_id = ${room.id} AND seq = 1 ON CONFLICT DO NOTHING`;
  const retried = await quarantine("retry", room.slug, "2");
  expect(retried).toMatchObject({ code: 1, printed: expect.stringContaining("since") });
  expect((await keptLog(backstage, idOf(room)))[1]).toMatchObject({ type: "message.removed" });
});
