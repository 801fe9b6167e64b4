import { rm } from "node:fs/promises";

import { findPostgresHome } from "../../server/embedded/postgres-home.ts";
import type { EmbeddedPostgres } from "../../server/embedded/postgres.ts";

/** Stops what the set-up started and leaves nothing behind. */
export default async function tearDown(): Promise<void> {
  const { eddyPostgres } = globalThis as unknown as {
    eddyPostgres?: { server: EmbeddedPostgres; dataDir: string };
  };
  if (eddyPostgres === undefined) return;
  const { server, dataDir } = eddyPostgres;
  await server.stop();
  const { data } = await findPostgresHome(dataDir);
  await rm(data, { recursive: true, force: true });
  await rm(dataDir, { recursive: true, force: true });
}
