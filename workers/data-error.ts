/**
 * Whether Postgres refuses what is in a row (SQLSTATE classes 22 data, 23 constraint, 54 limit), so that
 * trying again is of no use. Everything else is about the moment: the job is retried.
 */
export function isDataError(error: unknown): boolean {
  return /^(?:22|23|54)/u.test(sqlStateOf(error));
}

/** The SQLSTATE of an error of Postgres, "" of any other. */
export function sqlStateOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return error instanceof Error && typeof code === "string" && /^[0-9A-Z]{5}$/u.test(code)
    ? code
    : "";
}
