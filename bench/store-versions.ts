import { Redis } from "ioredis";
import type { Sql } from "postgres";

/** Versions of the stores that a side runs on. */
export async function readVersions(
  redisUrl: string,
  sql: Sql | null,
): Promise<Record<string, string>> {
  const redis = new Redis(redisUrl);
  const info = await redis.info("server");
  redis.disconnect();
  const found = { Redis: /^redis_version:(\S+)/mu.exec(info)?.[1] ?? "unknown" };
  if (sql === null) return found;
  const [row] = await sql<{ server_version: string }[]>`SHOW server_version`;
  return { ...found, PostgreSQL: row?.server_version ?? "unknown" };
}
