import type { Logger } from "pino";

/** A stop that takes longer than this is cut short. */
const STOP_DEADLINE_MS = 10_000;

/**
 * Stops a process gracefully, once, when it is asked to (SIGTERM, SIGINT), when whoever launched it is
 * gone, or after a bug: what was begun is finished, and the exit code says whether all went well.
 */
export function stopWhenAsked(log: Logger, stop: () => Promise<void>): void {
  let stopping = false;
  const end = (code: number) => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(1), STOP_DEADLINE_MS).unref();
    stop().then(
      () => process.exit(code),
      (error: unknown) => {
        log.error({ err: error }, "the stop failed");
        process.exit(1);
      },
    );
  };
  process.once("SIGTERM", () => end(0));
  process.once("SIGINT", () => end(0));
  // The launcher was killed: nobody is left to stop this process. It may have been before this point.
  if (process.connected) process.once("disconnect", () => end(0));
  else if (process.send !== undefined) end(0);
  process.on("uncaughtException", (error) => {
    log.fatal({ err: error }, "uncaught exception");
    end(1);
  });
  process.on("unhandledRejection", (error) => {
    log.fatal({ err: error }, "unhandled rejection");
    end(1);
  });
}
