import { drizzle, type PostgresJsDatabase } from "drizzle-orm/postgres-js";
import postgres from "postgres";

/** Longest time that any statement of ours may take, in milliseconds. */
const STATEMENT_TIMEOUT_MS = 10_000;
/** Postgres ends a transaction that is left open this long: no lock outlives a paused process. */
export const IDLE_IN_TRANSACTION_MS = 5_000;

/** Postgres by hand-written SQL, and by drizzle over the same connections. */
export interface Store {
  sql: postgres.Sql;
  db: PostgresJsDatabase;
  close(): Promise<void>;
}

/** Opens a pool. It connects when first used and again after every break. */
export function openStore(options: { url: string; name: string; connections: number }): Store {
  const sql = postgres(options.url, {
    max: options.connections,
    connect_timeout: 5,
    idle_timeout: 300,
    onnotice: () => {},
    connection: {
      application_name: options.name,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      lock_timeout: STATEMENT_TIMEOUT_MS,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
      synchronous_commit: "on",
      timezone: "UTC",
    },
    // Counts and seqs stay far below 2^53, so they may be numbers.
    types: { bigint: { to: 20, from: [20], serialize: String, parse: Number } },
  });
  return { sql, db: drizzle(sql), close: () => sql.end({ timeout: 5 }) };
}
