/** Our environment without PG* variables: PostgreSQL reads them, and none meant for us may steer it. */
export function pgFreeEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("PG")));
}
