import { drizzle, type PostgresJsDatabase } from "drizzle-orm/postgres-js";
import postgres from "postgres";

import { dial } from "./dial.ts";

/** Longest time that any statement of ours may take, in milliseconds. */
const STATEMENT_TIMEOUT_MS = 10_000;
/** Postgres ends a transaction that is left open this long: no lock outlives a paused process. */
export const IDLE_IN_TRANSACTION_MS = 5_000;

/** A connection that does not come about in this time will not. */
const CONNECT_TIMEOUT_SECONDS = 2;
/** What an answer of the server may need beyond its own time-out. */
const GRACE_MS = 2_000;
/** Longest wait before connecting anew: the library's own 20 s would outlast any short outage. */
const LONGEST_BACKOFF_SECONDS = 0.5;

/** Postgres by hand-written SQL, and by drizzle over the same connections. */
export interface Store {
  sql: postgres.Sql;
  db: PostgresJsDatabase;
  close(): Promise<void>;
}

/** Opens a pool. It connects when first used and again after every break. */
export function openStore(options: { url: string; name: string; connections: number }): Store {
  // A statement that the server would have ended by now is not waited for: the line is dead.
  // (An option that the library's types do not know.)
  const line = { socket: dial(STATEMENT_TIMEOUT_MS + GRACE_MS) };
  const sql = postgres(options.url, {
    max: options.connections,
    connect_timeout: CONNECT_TIMEOUT_SECONDS,
    backoff: backoffSeconds,
    ...line,
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

/** With jitter, so that not all connections of all processes come back at once. */
function backoffSeconds(failures: number): number {
  const grown = Math.min(0.02 * 2 ** failures, LONGEST_BACKOFF_SECONDS);
  return grown * (0.5 + Math.random() / 2);
}
