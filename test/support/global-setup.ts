import postgres from "postgres";

import { migrateDatabase } from "../../db/postgres/migrate.ts";
import { startEmbeddedPostgres } from "../../server/embedded/postgres.ts";
import { makeDataDir } from "./data-dir.ts";
import { TEMPLATE } from "./stores.ts";

/** Starts one real Postgres for all test files, with a migrated database that they copy. */
export default async function setUp(): Promise<void> {
  const dataDir = await makeDataDir("postgres");
  const server = await startEmbeddedPostgres({
    dataDir,
    // The machine may crash in a test run and nobody will want the data; processes are still killed for real.
    settings: { fsync: "off", full_page_writes: "off", max_connections: "300" },
    onProgress: () => {},
  });
  const admin = postgres(server.url, { max: 1, onnotice: () => {} });
  await admin`CREATE DATABASE ${admin(TEMPLATE)}`;
  await admin.end();
  await migrateDatabase(withDatabase(server.url, TEMPLATE));
  process.env["EDDY_TEST_POSTGRES"] = server.url;
  Object.assign(globalThis, { eddyPostgres: { server, dataDir } });
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}
