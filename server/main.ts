import { stopWhenAsked } from "../db/process-life.ts";
import { openLog } from "../db/process-log.ts";
import { runGateways } from "./cluster/run-gateways.ts";
import { findSiblings } from "./cluster/siblings.ts";
import { type Config, readConfig } from "./config.ts";

await main();

async function main(): Promise<void> {
  let config: Config;
  try {
    config = readConfig(process.env);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(1);
  }
  const siblings = findSiblings(process.env);
  const log = openLog({ name: "gateway", level: config.logLevel });
  const starting =
    siblings === null && config.gateways > 1
      ? runGateways({ ...config, env: process.env, log })
      : // Who only runs gateways needs nothing of what is in one.
        import("./gateway.ts").then(({ startGateway }) => startGateway(config, log, siblings));
  const { url, port, stop } = await starting.catch((error: unknown) => {
    const { code } = (error ?? {}) as { code?: unknown };
    const why =
      code === "EADDRINUSE"
        ? `port ${config.port} is taken: set PORT to another one`
        : "can it reach DATABASE_URL and REDIS_URL?";
    log.fatal({ err: error }, `the gateway cannot start: ${why}`);
    process.exit(1);
  });
  stopWhenAsked(log, stop);
  process.send?.({ type: "ready", url, port });
}
