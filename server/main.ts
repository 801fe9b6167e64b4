import { openLog } from "../db/process-log.ts";
import { readConfig } from "./config.ts";
import { startGateway } from "./gateway.ts";


/** A stop that takes longer than this is cut short. */
const STOP_DEADLINE_MS = 10_000;

await main();

async function main(): Promise<void> {
  let config;
  try {
    config = readConfig(process.env);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(1);
  }
  const log = openLog({ name: "gateway", level: config.logLevel });
  const gateway = await startGateway(config, log).catch((error: unknown) => {
    log.fatal({ err: error }, "the gateway cannot start: can it reach DATABASE_URL and REDIS_URL?");
    process.exit(1);
  });

  let stopping = false;
  const stop = (code: number) => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(code === 0 ? 1 : code), STOP_DEADLINE_MS).unref();
    gateway.stop().then(
      () => process.exit(code),
      (error: unknown) => {
        log.error({ err: error }, "the stop failed");
        process.exit(1);
      },
    );
  };
  process.once("SIGTERM", () => stop(0));
  process.once("SIGINT", () => stop(0));
  // Started by a launcher that was killed: nobody is left to stop this process.
  if (process.env["EDDY_LAUNCHED"] === "1") process.once("disconnect", () => stop(0));
  // A bug is logged, what was begun is finished, and whoever started the process starts it anew.
  process.on("uncaughtException", (error) => {
    log.fatal({ err: error }, "uncaught exception");
    stop(1);
  });
  process.on("unhandledRejection", (error) => {
    log.fatal({ err: error }, "unhandled rejection");
    stop(1);
  });
  process.send?.({ type: "ready", url: gateway.url, port: gateway.port });
}
