import { stopWhenAsked } from "../db/process-life.ts";
import { openLog } from "../db/process-log.ts";
import { type Config, readConfig } from "./config.ts";
import { startGateway } from "./gateway.ts";

await main();

async function main(): Promise<void> {
  let config: Config;
  try {
    config = readConfig(process.env);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(1);
  }
  const log = openLog({ name: "gateway", level: config.logLevel });
  const gateway = await startGateway(config, log).catch((error: unknown) => {
    const { code } = (error ?? {}) as { code?: unknown };
    const why =
      code === "EADDRINUSE"
        ? `port ${config.port} is taken: set PORT to another one`
        : "can it reach DATABASE_URL and REDIS_URL?";
    log.fatal({ err: error }, `the gateway cannot start: ${why}`);
    process.exit(1);
  });
  stopWhenAsked(log, gateway.stop);
  process.send?.({ type: "ready", url: gateway.url, port: gateway.port });
}
