import { IDLE_IN_TRANSACTION_MS, type Store } from "./connection.ts";

/**
 * Ends transactions of ours whose process was paused while Postgres waits for its next message.
 * `idle_in_transaction_session_timeout` sees those between two statements only: a client that stops
 * between the Parse and the Bind of one holds its locks for as long as it sleeps, and no time-out of
 * Postgres before 17 ends that. Answers how many there were.
 */
export async function endStalledTransactions({ sql }: Store): Promise<number> {
  const rows = await sql`
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND usename = current_user
      AND application_name LIKE 'eddy-%' AND pid <> pg_backend_pid()
      AND xact_start IS NOT NULL AND wait_event = 'ClientRead'
      AND greatest(xact_start, query_start, state_change)
        < now() - ${IDLE_IN_TRANSACTION_MS} * interval '1 millisecond'`;
  return rows.length;
}
