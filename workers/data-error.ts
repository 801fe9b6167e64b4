/**
 * Whether Postgres refuses what is in a row (SQLSTATE classes 22 data, 23 constraint, 54 limit), so that
 * trying again is of no use. Everything else is not about the row: it is tried again.
 */
export function isDataError(error: unknown): boolean {
  return /^(?:22|23|54)/u.test(sqlStateOf(error));
}

/**
 * Whether Postgres refuses the statement (class 42: a table or column is missing, a right is denied), as
 * after an upgrade that was not finished. The facts are sound, so they wait; but only those whose
 * statements need what is missing.
 */
export function isStatementError(error: unknown): boolean {
  return sqlStateOf(error).startsWith("42");
}

/** The SQLSTATE of an error of Postgres, "" of any other. */
export function sqlStateOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return error instanceof Error && typeof code === "string" && /^[0-9A-Z]{5}$/u.test(code)
    ? code
    : "";
}
