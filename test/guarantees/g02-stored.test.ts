import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";

import { drain } from "../../workers/drain.ts";
import { eventually } from "../support/eventually.ts";
import { openWorld, say, type World } from "../support/world.ts";
import {
  type Backstage,
  hold,
  idOf,
  keptLog,
  openBackstage,
  untilBlocked,
  untilStored,
} from "./backstage.ts";
import { readerOf } from "./reader.ts";

let world: World;
let backstage: Backstage;
beforeAll(async () => {
  world = await openWorld();
  backstage = await openBackstage(world);
});
afterEach(async () => {
  await backstage.sql`DROP TRIGGER IF EXISTS at_commit ON rooms`;
});
afterAll(async () => {
  await backstage.close();
  await world.close();
});

/** Runs SQL at the COMMIT of whoever moved a room's watermark: after all statements, before it holds. */
async function atCommit(body: string): Promise<void> {
  await backstage.sql.unsafe(`
    CREATE OR REPLACE FUNCTION at_commit() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN ${body}; RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER at_commit AFTER UPDATE OF stored_seq ON rooms
      DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION at_commit()`);
}

describe("what is told to be stored is committed", () => {
  test("[G2] nothing is told stored while its COMMIT waits, and all of it once it is through", async () => {
    const ada = await world.person("Ada");
    const room = await ada.openRoom();
    const socket = await ada.connect();
    const reader = await readerOf(socket, room.id);
    await atCommit("PERFORM pg_advisory_xact_lock(7)");
    const letGo = await hold(backstage, "SELECT pg_advisory_xact_lock(7)");
    for (const text of ["a", "b", "c"]) await say(socket, room.id, text);
    await untilBlocked(backstage);
    // Whatever was said before the COMMIT has arrived once this has: same connection, same order.
    await say(socket, room.id, "still here");
    await eventually(() => expect(reader.texts).toContain("still here"));
    expect(reader.storedUpTo).toBe(0);
    const history = await ada.rest<{ events: object[] }>("GET", `/rooms/${room.id}/events`);
    expect(history.body.events).toHaveLength(4);
    await letGo();
    await eventually(() => expect(reader.storedUpTo).toBe(4));
    expect(await keptLog(backstage, idOf(room))).toEqual(reader.facts);
  });

  test("[G2] a COMMIT that fails is not told, and what it held is stored by the next one", async () => {
    const ada = await world.person("Ada");
    const room = await ada.openRoom();
    const socket = await ada.connect();
    const reader = await readerOf(socket, room.id);
    // Disk full, said at COMMIT: class 53 is about the moment, not about the row.
    await atCommit("RAISE EXCEPTION 'no space' USING ERRCODE = '53100'");
    await say(socket, room.id, "a");
    await expect(drain(backstage.worker(), { shouldStop: () => false })).rejects.toThrow(
      "no space",
    );
    expect(reader.storedUpTo).toBe(0);
    expect(await keptLog(backstage, idOf(room))).toEqual([]);
    await backstage.sql`DROP TRIGGER at_commit ON rooms`;
    await eventually(() => expect(reader.storedUpTo).toBe(1));
    expect(await keptLog(backstage, idOf(room))).toEqual(reader.facts);
  });

  test("[G2] every room.stored is covered by what Postgres already answers", async () => {
    const ada = await world.person("Ada");
    const room = await ada.openRoom();
    const socket = await ada.connect();
    const checks: Promise<boolean>[] = [];
    socket.on("room.stored", ({ seq }: { seq: number }) => {
      const rows = backstage.sql`SELECT 1 FROM facts WHERE room_id = ${room.id} AND seq <= ${seq}`;
      checks.push(rows.then(({ length }) => length === seq));
    });
    const reader = await readerOf(socket, room.id);
    await Promise.all(Array.from({ length: 200 }, (_, i) => say(socket, room.id, `line ${i}`)));
    await eventually(() => expect(reader.storedUpTo).toBe(200));
    expect(await Promise.all(checks)).not.toContain(false);
  });

  test("[G2] Eddy's commits wait for the disk even where the server's default does not", async () => {
    const name = new URL(world.stores.databaseUrl).pathname.slice(1);
    await backstage.sql.unsafe(`ALTER DATABASE "${name}" SET synchronous_commit = off`);
    const fresh = await openBackstage(world);
    const [theirs] = await fresh.sql`SHOW synchronous_commit`;
    const [ours] = await fresh.store.sql`SHOW synchronous_commit`;
    await fresh.close();
    expect([theirs?.["synchronous_commit"], ours?.["synchronous_commit"]]).toEqual(["off", "on"]);
  });

  test("[G2] what was told stored is there after Postgres' client and Redis are gone for good", async () => {
    const ada = await world.person("Ada");
    const room = await ada.openRoom();
    const socket = await ada.connect();
    const reader = await readerOf(socket, room.id);
    await say(socket, room.id, "kept");
    await untilStored(backstage, idOf(room), 1);
    await eventually(() => expect(reader.storedUpTo).toBe(1));
    await backstage.link.redis.flushall();
    const late = await readerOf(await ada.connect(), room.id);
    expect(late.texts).toEqual(["kept"]);
  });
});
