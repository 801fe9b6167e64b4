import { type Logger, pino } from "pino";

/** What must never stand in a log: tokens, and what people say. */
const REDACTED = [
  "token",
  "*.token",
  "auth",
  "*.auth",
  "authorization",
  "*.authorization",
  "headers",
  "*.headers",
  "text",
  "*.text",
  "input",
  "*.input",
  "draft",
  "*.draft",
];

/** Opens a process's log: JSON lines on standard output, without text or tokens. */
export function openLog(options: { name: string; level: string }): Logger {
  return pino({
    name: options.name,
    level: options.level,
    redact: { paths: REDACTED, censor: "[redacted]" },
    serializers: { err: describeError, error: describeError },
    timestamp: pino.stdTimeFunctions.isoTime,
  });
}

/**
 * An error without what it carries along: Postgres errors hold the row, redis errors the command's
 * arguments, and both hold what people said.
 */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return { message: String(error) };
  const { code } = error as { code?: unknown };
  return {
    type: error.name,
    message: withoutData(firstLine(error.message), code),
    ...(typeof code === "string" ? { code } : {}),
    stack: framesOf(error),
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
  };
}

/** Where it happened. A stack begins with the message again, all lines of it. */
function framesOf({ stack = "" }: Error): string {
  return stack
    .split("\n")
    .filter((line) => /^ {4}at /u.test(line))
    .join("\n");
}

/** Postgres quotes the value that it cannot take (SQLSTATE class 22). */
function withoutData(message: string, code: unknown): string {
  return typeof code === "string" && /^22\w{3}$/u.test(code) ? "data exception" : message;
}

/** Drizzle puts the whole query and its parameters into the message. */
function firstLine(message: string): string {
  const line = message.split("\n", 1)[0] ?? "";
  return line.startsWith("Failed query") ? "Failed query" : line;
}
