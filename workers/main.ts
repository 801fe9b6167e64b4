import { createServer } from "node:http";

import { stopWhenAsked } from "../db/process-life.ts";
import { openLog } from "../db/process-log.ts";
import { readSettings, type Settings } from "../db/settings.ts";
import { type RunningWorker, startWorker } from "./worker.ts";

await main();

async function main(): Promise<void> {
  let settings: Settings;
  try {
    settings = readSettings(process.env);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(1);
  }
  const log = openLog({ name: "worker", level: settings.logLevel });
  const worker = await startWorker(settings, log).catch((error: unknown) => {
    log.fatal({ err: error }, "the worker cannot start: can it reach DATABASE_URL and REDIS_URL?");
    process.exit(1);
  });
  if (settings.workerPort !== undefined) serveHealth(worker, settings.workerPort);
  stopWhenAsked(log, worker.stop);
  process.send?.({ type: "ready" });
}

/** `/healthz` and `/metrics` of a worker, for whoever runs it. */
function serveHealth(worker: RunningWorker, port: number): void {
  const { registry } = worker.metrics;
  createServer((request, response) => {
    if (request.url === "/metrics") {
      registry.metrics().then(
        (text) => response.setHeader("Content-Type", registry.contentType).end(text),
        () => response.writeHead(500).end(),
      );
      return;
    }
    const healthy = worker.isHealthy();
    const status = request.url === "/healthz" ? (healthy ? 200 : 503) : 404;
    response.writeHead(status, { "Content-Type": "application/json" });
    response.end(JSON.stringify({ alive: true, healthy }));
  }).listen(port);
}
