import type { EmbeddedPostgres } from "../../server/embedded/postgres.ts";
import { removeDataDir } from "./data-dir.ts";

/** Stops what the set-up started and leaves nothing behind. */
export default async function tearDown(): Promise<void> {
  const { eddyPostgres } = globalThis as unknown as {
    eddyPostgres?: { server: EmbeddedPostgres; dataDir: string };
  };
  if (eddyPostgres === undefined) return;
  const { server, dataDir } = eddyPostgres;
  await server.stop();
  await removeDataDir(dataDir);
}
