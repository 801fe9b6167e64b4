import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";

import { keys } from "../../db/redis/keys.ts";
import type { RoomId } from "../../protocol/ids.ts";
import { drain } from "../../workers/drain.ts";
import { ask, command, openWorld, say, type World } from "../support/world.ts";
import { type Backstage, idOf, openBackstage } from "./backstage.ts";
import { readerOf } from "./reader.ts";

const SECRET = "the-password-is-swordfish";
const SECOND = "no-it-is-marlin";

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

/** Everything that a person who asks in every way there is gets to see of a room. */
async function everythingShown(room: string): Promise<string> {
  const eve = await world.person("Eve");
  const socket = await eve.connect();
  const reader = await readerOf(socket, room, { since: { epoch: 1, seq: 0 }, limit: 3 });
  const newest = await readerOf(await eve.connect(), room);
  const rest = await Promise.all(
    [
      "events",
      "events?after=0",
      "events?around=1",
      "messages",
      "messages?around=1",
      "messages/1",
    ].map(async (path) => (await eve.rest("GET", `/rooms/${room}/${path}`)).body),
  );
  return JSON.stringify([reader.facts, newest.facts, rest]);
}

/** Everything that Redis keeps of a room, keys and values. */
async function everythingInRedis(room: RoomId): Promise<string> {
  const { redis } = backstage.link;
  return JSON.stringify([
    await redis.hgetall(keys.body(room)),
    await redis.hgetall(keys.changes(room)),
    await redis.hgetall(keys.dedupe(room, 0)),
    await redis.hgetall(keys.dedupe(room, 1)),
    await redis.xrange(keys.log(room), "-", "+"),
  ]);
}

async function everythingInPostgres(room: RoomId): Promise<string> {
  const { sql } = backstage;
  return JSON.stringify([
    await sql`SELECT * FROM facts WHERE room_id = ${room}`,
    await sql`SELECT encode(entry, 'escape') FROM quarantine WHERE room_id = ${room}`,
  ]);
}

const drainNow = (keep = 1_000) => drain(backstage.worker({ keep }), { shouldStop: () => false });

async function roomWithSecret() {
  const ada = await world.person("Ada");
  const room = await ada.openRoom();
  const socket = await ada.connect();
  const { seq } = await say(socket, room.id, SECRET);
  return { ada, room, socket, seq };
}

describe("text that was taken back is never sent again", () => {
  test("[G19] a removal takes the text and its edits out of the hot log at once, and of Postgres when stored", async () => {
    const { room, socket, seq } = await roomWithSecret();
    await command(socket, "message:edit", { room: room.id, seq, text: SECOND });
    expect(await everythingShown(room.id)).not.toContain(SECRET);
    await command(socket, "message:remove", { room: room.id, seq });
    for (const text of [SECRET, SECOND]) {
      expect(await everythingShown(room.id)).not.toContain(text);
      expect(await everythingInRedis(idOf(room))).not.toContain(text);
    }
    await drainNow(1);
    for (const text of [SECRET, SECOND]) {
      expect(await everythingShown(room.id)).not.toContain(text);
      expect(await everythingInPostgres(idOf(room))).not.toContain(text);
    }
  });

  test("[G19] the old texts of an edited message are gone, its present one is in every replay", async () => {
    const { room, socket, seq } = await roomWithSecret();
    await command(socket, "message:edit", { room: room.id, seq, text: SECOND });
    await command(socket, "message:edit", { room: room.id, seq, text: "nothing to see" });
    const look = async () => {
      const shown = await everythingShown(room.id);
      expect(shown).not.toContain(SECRET);
      expect(shown).not.toContain(SECOND);
      expect(shown).toContain("nothing to see");
    };
    await look();
    await drainNow();
    await look();
    await drainNow(1);
    await look();
  });

  test("[G19] what Postgres still says is overruled by a removal that is only in the hot log", async () => {
    const { room, socket, seq } = await roomWithSecret();
    for (let i = 0; i < 5; i += 1) await say(socket, room.id, `filler ${i}`);
    await drainNow(1);
    expect(await everythingInRedis(idOf(room))).not.toContain(SECRET);
    await command(socket, "message:remove", { room: room.id, seq });
    expect(await everythingInPostgres(idOf(room))).toContain(SECRET);
    expect(await everythingShown(room.id)).not.toContain(SECRET);
  });

  test("[G19] edit against removal, twenty times at once: the text never comes back", async () => {
    for (let round = 0; round < 20; round += 1) {
      const [owner, ada] = await Promise.all([world.person("Owner"), world.person("Ada")]);
      const room = await owner.openRoom();
      const [ownerSocket, socket] = await Promise.all([owner.connect(), ada.connect()]);
      const { seq } = await say(socket, room.id, SECRET);
      const [edited, removed] = await Promise.all([
        ask(socket, "message:edit", { room: room.id, seq, text: SECOND }),
        ask(ownerSocket, "message:remove", { room: room.id, seq }),
      ]);
      expect(removed.ok).toBe(true);
      expect(["ok", "not_found"]).toContain(edited.ok ? "ok" : edited.error.code);
      const shown = await everythingShown(room.id);
      expect(shown).not.toContain(SECRET);
      expect(shown).not.toContain(SECOND);
    }
  });

  test("[G19] nobody edits or reacts to what was removed", async () => {
    const { room, socket, seq } = await roomWithSecret();
    await command(socket, "message:remove", { room: room.id, seq });
    const edit = await ask(socket, "message:edit", { room: room.id, seq, text: "again" });
    const react = await ask(socket, "reaction:add", { room: room.id, seq, emoji: "👍" });
    expect([edit, react]).toMatchObject([
      { ok: false, error: { code: "not_found" } },
      { ok: false, error: { code: "not_found" } },
    ]);
  });
});
