import { afterAll, beforeAll, expect, test } from "@jest/globals";

import { deferred } from "../../client/deferred.ts";
import { openStore, type Store } from "../../db/postgres/connection.ts";
import { Link } from "../chaos/stack/link.ts";
import { openTestStores, type TestStores } from "../support/stores.ts";

let stores: TestStores;
let link: Link;
let store: Store;
beforeAll(async () => {
  stores = await openTestStores();
  link = new Link("postgres", [
    { name: "postgres", port: Number(new URL(stores.databaseUrl).port), up: true },
  ]);
  await link.open();
  // One connection: whoever comes next has the very one that broke.
  store = openStore({ url: link.through(stores.databaseUrl), name: "eddy-test", connections: 1 });
});
afterAll(async () => {
  await store.close();
  await link.close();
  await stores.close();
});

test("[G13] a transaction whose connection breaks in the middle does nothing more, least of all in the next one", async () => {
  const { sql } = store;
  await sql`CREATE TABLE probe (writer text)`;
  const begun = deferred();
  const goOn = deferred();
  let rest: Promise<unknown> = Promise.resolve();
  const broken = sql.begin(async (tx) => {
    await tx`SELECT 1`;
    begun.resolve();
    // As a worker waits for Redis between two statements.
    rest = goOn.promise.then(() => tx`INSERT INTO probe VALUES ('the broken one')`);
    await rest;
  });
  // It is waited for below; meanwhile nobody must call it unhandled.
  broken.catch(() => {});
  await begun.promise;
  link.trouble({ kind: "cut" })();
  await expect(broken).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });

  const next = sql.begin(async (tx) => {
    await tx`INSERT INTO probe VALUES ('the next one')`;
    goOn.resolve();
    await expect(rest).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
    // Nobody else has committed it, nor rolled it back.
    expect(await tx`SELECT writer FROM probe`).toEqual([{ writer: "the next one" }]);
    throw new Error("changed its mind");
  });
  await expect(next).rejects.toThrow("changed its mind");
  expect(await sql`SELECT writer FROM probe`).toHaveLength(0);
});
