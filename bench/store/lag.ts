import type { Sql } from "postgres";

/** How long messages took from being said to being committed. */
export interface Lag {
  p50Ms: number;
  p99Ms: number;
}

/**
 * The lag of what a table got since a time, from the commit times that Postgres notes itself: nobody
 * has to listen, whose work would be counted too.
 */
export async function readLag(sql: Sql, table: "facts" | "messages", since: Date): Promise<Lag> {
  const [lag] = await sql<{ p50: number; p99: number }[]>`
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) AS p50,
      percentile_cont(0.99) WITHIN GROUP (ORDER BY ms) AS p99
    FROM (SELECT extract(epoch FROM pg_xact_commit_timestamp(xmin) - at) * 1000 AS ms
      FROM ${sql(table)} WHERE at >= ${since}) AS stored`;
  return { p50Ms: lag?.p50 ?? NaN, p99Ms: lag?.p99 ?? NaN };
}
